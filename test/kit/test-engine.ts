import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findRealProvider } from './find-real-provider.ts';
import type { Note } from './stdio-server.ts';
import { startTestGateway, type TestGatewayOptions } from './start-test-gateway.ts';

/** The real container engine that `npm test` started (tools/real/start-engine.js). */
export const { url: engineUrl, skip } = findRealProvider('TEST_ENGINE');

/** Node.js and nothing else; its entry point is node, its user 1000. */
export const nodeImage = 'localhost/usher-test/node:1';

/** Podman does some things in another way. */
export async function isPodman(): Promise<boolean> {
  const { body } = await askEngine<{ Components: { Name: string }[] }>('GET', '/version');
  return body.Components.some(({ Name }) => Name.startsWith('Podman'));
}

/** This machine's address in the network that containers have by default. Podman has it there with the first container only. */
export async function findBridge(context: TestContext): Promise<string> {
  type Inspected = { NetworkSettings: { Networks: Record<string, { Gateway: string }> } };
  const body = { Image: nodeImage, Cmd: ['-e', 'setInterval(() => {}, 1000)'], HostConfig: { NetworkMode: 'bridge' } };
  const { body: made } = await askEngine<{ Id: string }>('POST', '/containers/create', body);
  context.after(() => askEngine('DELETE', `/containers/${made.Id}?force=1`));
  await askEngine('POST', `/containers/${made.Id}/start`);
  const { body: seen } = await askEngine<Inspected>('GET', `/containers/${made.Id}/json`);
  return Object.values(seen.NetworkSettings.Networks)[0]?.Gateway ?? '';
}

export interface EngineReply<T> {
  readonly status: number;
  readonly body: T;
}

/** One request to the engine, independent of the client that is tested. */
export function askEngine<T>(method: string, path: string, body?: Buffer | object): Promise<EngineReply<T>> {
  return new Promise((resolve, reject) => {
    const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
    const type = Buffer.isBuffer(body) ? 'application/x-tar' : 'application/json';
    const socketPath = engineUrl.replace('unix://', '');
    const sent = request({ socketPath, method, path, headers: { host: 'engine', 'content-type': type } }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text === '' ? 'null' : text) }),
      );
    });
    sent.once('error', reject).end(bytes);
  });
}

export interface FoundContainer {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly State: string;
  readonly ImageID: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Ports: readonly { readonly IP?: string; readonly PublicPort?: number; readonly PrivatePort: number }[];
}

/** Those of one server, running or not. */
export async function listContainers(server: string): Promise<readonly FoundContainer[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`usher.server=${server}`] }));
  return (await askEngine<FoundContainer[]>('GET', `/containers/json?all=1&filters=${filters}`)).body;
}

export async function listNetworks(server: string): Promise<readonly { readonly Id: string }[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`usher.server=${server}`] }));
  return (await askEngine<{ Id: string }[]>('GET', `/networks?filters=${filters}`)).body;
}

/** An image on top of another, by the lines of a Dockerfile and files beside it; it goes with the test. */
export async function buildImage(
  context: TestContext,
  name: string,
  lines: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-build-'));
  try {
    writeFileSync(join(folder, 'Dockerfile'), lines.join('\n'));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
    return await buildImageOf(context, name, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** An image by a folder with a Dockerfile; it goes with the test. */
export async function buildImageOf(context: TestContext, name: string, folder: string): Promise<string> {
  const image = `localhost/usher-test/${name}`;
  const socketPath = engineUrl.replace('unix://', '');
  const tar = spawn('tar', ['-C', folder, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = await new Promise<string>((resolve, reject) => {
    const headers = { host: 'engine', 'content-type': 'application/x-tar' };
    const sent = request({ socketPath, method: 'POST', path: `/build?t=${image}`, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.once('end', () => resolve(text));
    });
    sent.once('error', reject);
    tar.once('error', reject);
    tar.stdout.pipe(sent);
  });
  if (!said.includes('Successfully built')) throw new Error(said);
  context.after(() => askEngine('DELETE', `/images/${image}?force=1`));
  return image;
}

type Upstream = Extract<
  NonNullable<Parameters<typeof startTestGateway>[0][string]>['upstream'],
  { strategy: 'container' }
>;

/** A gateway that lets everybody call, in front of a container of the tests' engine. */
export async function startContainerGateway(
  name: string,
  upstream: Omit<Upstream, 'strategy' | 'engine'>,
  options: TestGatewayOptions = {},
) {
  return startTestGateway(
    {
      [name]: {
        authenticate: [{ strategy: 'anonymous' }],
        upstream: { strategy: 'container', engine: engineUrl, ...upstream },
      },
    },
    options,
  );
}

/** The test server over stdin and stdout (kit/stdio-server) as a container, and what its processes noted. */
export async function containedStdioServer(context: TestContext, mode: 'legacy' | 'modern' = 'legacy') {
  const folder = mkdtempSync(join(tmpdir(), 'usher-notes-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  // Written by the image's user.
  chmodSync(folder, 0o777);
  const program = fileURLToPath(new URL('stdio-server/main.ts', import.meta.url));
  const upstream = {
    strategy: 'container' as const,
    engine: engineUrl,
    image: nodeImage,
    args: ['/server/main.ts', mode, '/notes/all'],
    volumes: [`${dirname(program)}:/server:ro`, `${folder}:/notes`],
  };
  const notes = (): readonly Note[] =>
    readFileSync(join(folder, 'all'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line): Note => JSON.parse(line));
  return { upstream, noted: (what: string) => notes().filter((note) => note.what === what) };
}
