// `npm run vscode`: the scenario in a real VS Code, from `usher run` to the answer of a tool, with screenshots.
// CODE_SERVER names code-server's entry file; SHOTS_FOLDER where the screenshots go.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type Lab, startLab } from '../../src/demo/start-lab.ts';
import { defaultSeed } from '../../src/idp/seed/default-seed.ts';
import { findFreePort } from '../../src/lib/find-free-port.ts';
import { runProgram } from '../kit/run-program.ts';
import { driveVsCode } from './drive-vscode.ts';
import { startCodeServer } from './start-code-server.ts';

const launcher = fileURLToPath(new URL('../../bin/usher.js', import.meta.url));
const codeServer = process.env['CODE_SERVER'] ?? '';
const shots = resolve(process.env['SHOTS_FOLDER'] ?? '.usher/vscode');
const tell = (line: string) => void process.stdout.write(`${line}\n`);

/** As at an Okta org: no client registers itself there. One more client needs no secret. */
const seed = defaultSeed
  .replace('registration: true', 'registration: false')
  .replace(
    'apps:\n',
    `apps:
  - clientId: vscode-public
    label: Visual Studio Code, without a secret
    type: native
    grantTypes: [authorization_code, refresh_token]
    redirectUris: ['http://127.0.0.1:33418', 'http://127.0.0.1:33418/', 'https://vscode.dev/redirect']
`,
  )
  .replace('clients: [vscode, demo]', 'clients: [vscode, vscode-public, demo]');

/** How VS Code comes to its client. */
const ways = {
  'client id in its settings': { oauthClientId: 'vscode-public' },
  'client id and secret typed when it asks': { client: { id: 'vscode', secret: 'vscode-development-secret' } },
} as const;

const answerSchema = z.object({
  tools: z.array(z.string()),
  text: z.string().optional(),
  error: z.string().optional(),
});

for (const [name, way] of Object.entries(ways)) {
  tell(`\nVisual Studio Code, ${name}`);
  await tryWay({ name, oauthClientId: undefined, client: undefined, ...way });
}
tell(`\nAll as it should be. Screenshots: ${shots}`);
process.exit(0);

interface Way {
  readonly name: string;
  readonly oauthClientId: string | undefined;
  readonly client: { readonly id: string; readonly secret: string } | undefined;
}

async function tryWay({ name, oauthClientId, client }: Way): Promise<void> {
  await using started = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'usher-vscode-'));
  started.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  const [home, answerFile, seedFile] = [join(folder, 'home'), join(folder, 'answer.json'), join(folder, 'seed.yaml')];
  // An installed VS Code is known by its folder.
  await mkdir(join(home, '.config/Code/User'), { recursive: true });
  await writeFile(seedFile, seed);
  const lab = started.use(await startLab(labOptions(folder, seedFile), () => {}));
  const auditFile = await runUsher(lab, { home, folder, oauthClientId, started });
  const settings = await readFile(join(home, '.config/Code/User/mcp.json'), 'utf8');
  tell(`  mcp.json  ${settings.replaceAll(/\s+/g, ' ')}`);
  const server = started.use(await startCodeServer(codeServer, { home, answerFile }));
  const [user] = lab.idp.users;
  assert.ok(user !== undefined);
  const asked = await driveVsCode({
    url: server.url,
    folder: join(folder, 'browser'),
    shotsFolder: join(shots, name.replaceAll(' ', '-')),
    user,
    ...(client === undefined ? {} : { client }),
    tell: (line) => tell(`  ${line}`),
  });
  assert.ok(asked.some((line) => line.startsWith('sign-in')));
  const answer = answerSchema.parse(JSON.parse(await readFile(answerFile, 'utf8')));
  assert.match(answer.text ?? answer.error ?? '', /Sweden/);
  tell(`  answer    ${(answer.text ?? '').slice(0, 100)}`);
  const [called] = (await readFile(auditFile, 'utf8'))
    .trim()
    .split('\n')
    .filter((line) => line.includes('GetCountry'));
  assert.match(called ?? '', /"sub":"alice@example\.com","client":"vscode/);
  assert.match(called ?? '', /"aud":"backend"/);
  tell('  audit     alice@example.com called GetCountry; her token for mcpserver, one for backend in its place');
}

function labOptions(folder: string, seedFile: string) {
  return {
    once: true,
    json: false,
    ports: { gateway: 28_800, idpHttp: 29_080, idpHttps: 29_443, api: 24_000, mcpServer: 28_091 },
    stateDir: join(folder, 'lab'),
    seedFile,
    columns: 80,
    print: () => {},
    stop: new AbortController().signal,
  };
}

/** Usher as people run it, with everything of it in this home folder. Returns its audit file. */
async function runUsher(
  lab: Lab,
  {
    home,
    folder,
    oauthClientId,
    started,
  }: { home: string; folder: string; oauthClientId: string | undefined; started: AsyncDisposableStack },
): Promise<string> {
  const [port, auditFile, secretFile] = [
    await findFreePort(28_900),
    join(folder, 'audit.jsonl'),
    join(folder, 'secret.txt'),
  ];
  await writeFile(secretFile, 'gateway-development-secret', { mode: 0o600 });
  const find = (id: string) => lab.idp.servers.find((server) => server.id === id);
  const [mcpserver, backend] = [find('mcpserver'), find('backend')];
  assert.ok(mcpserver !== undefined && backend !== undefined);
  const url = `http://localhost:${port}/mcp`;
  const usher = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await runProgram([launcher, ...args], { env: { HOME: home } });
    assert.equal(code, 0, stdout + stderr);
  };
  started.defer(() => usher('stop', '--all'));
  await usher(
    'run',
    '--name',
    'countries',
    '--port',
    String(port),
    '--audit-file',
    auditFile,
    '--oidc-issuer',
    mcpserver.issuer,
    '--oidc-audience',
    mcpserver.audience,
    '--oidc-scopes',
    'mcp:tools:call',
    '--token-exchange-url',
    backend.tokenUrl,
    '--token-exchange-client-id',
    'gateway',
    '--token-exchange-client-secret-file',
    secretFile,
    '--token-exchange-audience',
    backend.audience,
    '--token-exchange-scopes',
    'backend-api:read',
    '--ca-file',
    lab.idp.caFile,
    lab.mcpServerUrl,
  );
  if (oauthClientId !== undefined)
    await usher('client', 'add', 'countries', '--url', url, '--client', 'vscode', '--oauth-client-id', oauthClientId);
  return auditFile;
}
