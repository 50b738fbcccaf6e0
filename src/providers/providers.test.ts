import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { refusalSamples } from '../../test/kit/refusal-samples/refusal-samples.ts';
import { findKnownRefusal, findRefusalById, fits } from './find-known-refusal.ts';
import { findProvider, providerNamed } from './find-provider.ts';
import { providers } from './providers.ts';

/** What every provider promises, whoever it is. */
for (const provider of providers) {
  describe(provider.name, () => {
    const samples = Object.entries(refusalSamples[provider.name]);

    test(`${provider.name} – its refusals – each has a sample, and there is none without`, () => {
      const ids = provider.refusals.map(({ id }) => id);
      assert.deepEqual(samples.map(([id]) => id).toSorted(), ids.toSorted());
    });

    for (const [id, answer] of samples) {
      test(`${provider.name} – the answer of ${id} – is that refusal and no other of the list`, () => {
        const found = provider.refusals.filter((refusal) => fits(refusal, answer)).map((refusal) => refusal.id);
        assert.deepEqual(found, [id]);
        assert.equal(findKnownRefusal(provider, answer)?.id, id);
      });
    }

    test(`${provider.name} – each refusal – says cause, fix and source in whole sentences`, () => {
      for (const { id, cause, fix, source } of provider.refusals) {
        assert.match(id, new RegExp(`^${provider.name}(-[a-z0-9]+)+$`), id);
        assert.match(cause, /^[A-Z].*[.)]$/, id);
        assert.match(fix, /^[A-Z].*[.)]$/, id);
        assert.match(source, /https:\/\/|observed/, id);
        assert.doesNotMatch(`${cause}${fix}`, /[\n`*|]/, `${id}: plain text, for a log line as for a page`);
      }
    });

    test(`${provider.name} – patterns – keep no state from one answer to the next`, () => {
      for (const { id, answer } of provider.refusals) assert.doesNotMatch(answer.description?.flags ?? '', /[gy]/, id);
    });
  });
}

describe('all of them', () => {
  test('refusals – of all providers – have different ids, by which they are found again', () => {
    const all = providers.flatMap((provider) => provider.refusals.map((refusal) => ({ provider, refusal })));
    assert.equal(new Set(all.map(({ refusal }) => refusal.id)).size, all.length);
    for (const one of all) assert.deepEqual(findRefusalById(one.refusal.id), one);
    assert.equal(findRefusalById('nobody-nothing'), undefined);
  });

  test('providers – by name – are found', () => {
    for (const provider of providers) assert.equal(providerNamed(provider.name), provider);
  });

  test('an answer a provider’s list does not have – the standard’s code – is found', () => {
    const answer = { status: 400, error: 'invalid_target', description: 'Unknown resource' };
    assert.equal(findKnownRefusal(providerNamed('keycloak'), answer)?.id, 'generic-target');
  });

  test('an answer in nobody’s words – any provider – is not guessed at', () => {
    for (const provider of providers) {
      assert.equal(findKnownRefusal(provider, { status: 400, error: '', description: '' }), undefined, provider.name);
      assert.equal(
        findKnownRefusal(provider, { status: 418, error: 'teapot', description: 'Short and stout' }),
        undefined,
        provider.name,
      );
    }
  });
});

const urls = {
  okta: [
    'https://example.okta.com/oauth2/aus1/v1/token',
    'https://example.oktapreview.com/oauth2/default',
    'https://example.okta.com',
    'https://login.example.com/oauth2/aus1abc/v1/token',
    'http://localhost:9080/oauth2/backend/v1/token',
  ],
  keycloak: [
    'https://sso.example.com/realms/mcp',
    'https://sso.example.com/realms/mcp/protocol/openid-connect/token',
    'https://sso.example.com/auth/realms/mcp/protocol/openid-connect/token',
  ],
  entra: [
    'https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/oauth2/v2.0/token',
    'https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0',
    'https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/',
    'https://login.microsoftonline.us/common/oauth2/v2.0/token',
    'http://localhost:9080/72f988bf-86f1-41af-91ab-2d7cd011db47/oauth2/v2.0/token',
  ],
  auth0: ['https://example.eu.auth0.com/oauth/token', 'https://example.auth0.com/'],
  generic: [
    'https://idp.example.com/token',
    'https://idp.example.com/oauth2/token',
    'https://idp.example.com/oauth/token',
    'https://am.example.com/am/oauth2/realms/root/access_token',
    'https://okta.com.example.org/token',
    'https://notauth0.com/oauth/token',
    'https://example.com/?next=https://example.okta.com/oauth2/aus1/v1/token',
  ],
} as const;

for (const [name, examples] of Object.entries(urls)) {
  for (const url of examples) {
    test(`findProvider – ${url} – is ${name}`, () => assert.equal(findProvider(new URL(url)).name, name));
  }
}
