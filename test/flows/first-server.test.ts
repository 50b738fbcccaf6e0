import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { callMcp } from '../../src/demo/call-mcp.ts';
import { signInUser } from '../../src/demo/sign-in-user.ts';
import { makeFolder } from '../kit/config-input.ts';
import { freePort } from '../kit/free-port.ts';
import { findBlocks, findCommands } from '../kit/markdown.ts';
import { runProgram, startProgram, type StartedProgram } from '../kit/run-program.ts';

const page = fileURLToPath(new URL('../../docs/start/first-server.md', import.meta.url));
const usher = [process.execPath, fileURLToPath(new URL('../../bin/usher.js', import.meta.url))];

/** The page for newcomers, command by command as it stands there, but on ports that are free. */
describe('docs/start/first-server.md', () => {
  let text: string;
  let ports: Readonly<Record<'8000' | '8001' | '9080' | '9443', number>>;

  before(async () => {
    ports = { 8000: await freePort(), 8001: await freePort(), 9080: await freePort(), 9443: await freePort() };
    const written = new Map(Object.entries(ports));
    text = readFileSync(page, 'utf8').replaceAll(/\b\d{4}\b/g, (port) => String(written.get(port) ?? port));
  });

  const blocks = (language: string): string[] =>
    findBlocks(page, text)
      .filter((block) => block.language === language)
      .map((block) => block.text);
  /** Command lines of `usher NAME` in their order. */
  const commandLines = (name: string): string[][] =>
    findBlocks(page, text)
      .filter(({ language }) => language === 'sh')
      .flatMap(findCommands)
      .map(({ words }) => [...usher, ...words])
      .filter(([, , word]) => word === name);

  /** As the user of the page does it with a client of theirs. */
  async function callAsAlice(): Promise<string> {
    const mcpUrl = `http://localhost:${ports[8000]}/mcp`;
    const { callerToken } = await signInUser({
      mcpUrl,
      clientId: 'demo',
      redirectUri: 'http://127.0.0.1:33333/callback',
      username: 'alice@example.com',
      password: 'alice',
    });
    const { result } = await callMcp(mcpUrl, callerToken, 'tools/call', { name: 'whoami' });
    return JSON.stringify(result).replaceAll('\\', '');
  }

  async function assertServesAsWritten(gateway: StartedProgram): Promise<void> {
    await gateway.said('audit trail');
    const answer = await callAsAlice();
    const [, claims = ''] = /## 4\. [\s\S]*?The answer names Alice([\s\S]*?)The last line/.exec(text) ?? [];
    const promised = [...claims.matchAll(/`([^`]+)`/g)].map(([, claim = '']) => claim);
    assert.equal(promised.length, 4);
    for (const claim of promised) assert.ok(answer.includes(claim), `${claim} is not in ${answer}`);
  }

  test('its commands, one after the other – do what the page says', async (context) => {
    const cwd = makeFolder(context);
    const own = { cwd, env: { HOME: cwd } };
    const [program = ''] = blocks('js');
    await writeFile(join(cwd, 'whoami.mjs'), program);
    const [idpLine = []] = commandLines('idp');
    const [withUrl = [], withCommand = []] = commandLines('run');
    const more = ['--port', String(ports[8000])];

    const [secretLine = ''] = blocks('sh').flatMap((block) => /^printf .*$/m.exec(block) ?? []);
    assert.equal((await runProgram(['sh', '-c', secretLine], { cwd })).code, 0);
    const idpPorts = ['--http-port', String(ports[9080]), '--https-port', String(ports[9443])];
    await using idp = startProgram([...idpLine, ...idpPorts], own);
    await idp.said('certificate authority');
    {
      await using _server = startProgram([process.execPath, 'whoami.mjs'], { cwd });
      await using gateway = startProgram([...withUrl.slice(0, -1), ...more, ...withUrl.slice(-1)], own);
      await assertServesAsWritten(gateway);
      const shown = blocks('text').find((block) => block.startsWith('Usher listens'));
      assert.ok(gateway.output().stderr.startsWith(shown ?? 'nothing'), gateway.output().stderr);
      const last = (await readFile(join(cwd, 'audit.jsonl'), 'utf8')).trimEnd().split('\n').at(-1) ?? '';
      const { caller, exchanged } = JSON.parse(last) as Record<string, { readonly aud: string }>;
      assert.deepEqual([caller?.aud, exchanged?.aud], ['mcpserver', 'backend']);
    }
    const split = withCommand.indexOf('--');
    await using gateway = startProgram([...withCommand.slice(0, split), ...more, ...withCommand.slice(split)], own);
    await assertServesAsWritten(gateway);
    // Killed, it would leave its command behind.
    gateway.child.kill('SIGTERM');
    await gateway.exited;
  });
});
