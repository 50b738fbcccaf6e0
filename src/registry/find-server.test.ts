import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertFails } from '../../test/kit/assert-fails.ts';
import { serverJson, startMcpRegistry } from '../../test/kit/start-mcp-registry.ts';
import { apiRegistry } from './api-registry.ts';
import { findServer } from './find-server.ts';
import { catalogueRegistry } from './listed-registry.ts';
import { planServer } from './plan-server.ts';

test('find – a short name or the whole one – is the same server of the catalogue', async () => {
  const catalogue = [catalogueRegistry()];
  const short = await findServer('apollo-mcp-server', catalogue);
  assert.equal(short.server.name, 'com.apollographql/apollo-mcp-server');
  assert.equal(await findServer('com.apollographql/apollo-mcp-server', catalogue), short);
});

test('find – a misspelt name – is refused with what may be meant', async () => {
  const catalogue = [catalogueRegistry()];
  await assertFails(findServer('apolo-mcp-server', catalogue), 'name_unknown', /did you mean apollo-mcp-server\?/);
  await assertFails(findServer('unlike-any', catalogue), 'name_unknown', /in catalogue; see usher registry list$/);
  const wrongOwner = findServer('io.evil/apollo-mcp-server', catalogue);
  await assertFails(wrongOwner, 'name_unknown', /com\.apollographql\/apollo-mcp-server/);
});

test('find – a short name that several have – is refused with their whole names', async (context) => {
  const two = ['io.github.acme/weather', 'io.github.evil/weather'].map((name) => serverJson({ name }));
  const registry = await startMcpRegistry(context, two);
  const found = findServer('weather', [apiRegistry(registry.url)]);
  await assertFails(found, 'name_ambiguous', /io\.github\.acme\/weather, io\.github\.evil\/weather/);
});

test('find – a name that is a part of others only – is not one of them', async (context) => {
  const registry = await startMcpRegistry(context, [serverJson({ name: 'io.github.acme/weather-pro' })]);
  await assertFails(findServer('weather', [apiRegistry(registry.url)]), 'name_unknown', /weather-pro/);
});

test('find – several registries – the first that knows the name counts, and the others are not asked', async (context) => {
  const name = 'com.apollographql/apollo-mcp-server';
  const registry = await startMcpRegistry(context, [serverJson({ name, description: 'Another' })]);
  const registries = [catalogueRegistry(), apiRegistry(registry.url)];
  assert.notEqual((await findServer('apollo-mcp-server', registries)).server.description, 'Another');
  assert.deepEqual(registry.seen, []);
  assert.equal((await findServer('apollo-mcp-server', registries.toReversed())).server.description, 'Another');
});

test('catalogue – every server – can be planned, is pinned, and its name is told apart from the others', async () => {
  const catalogue = catalogueRegistry();
  const entries = await catalogue.search('', 1_000);
  assert.ok(entries.length >= 12);
  for (const entry of entries) {
    const { run } = planServer(entry);
    assert.ok(run.kind === 'package' ? run.package.isPinned : /:v?\d/.test(run.kind === 'image' ? run.image : ''));
    assert.equal(await findServer(entry.server.name.split('/')[1] ?? '', [catalogue]), entry);
  }
});
