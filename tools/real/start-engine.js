import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { networkInterfaces, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { root } from '../root.js';
import { runQuietly } from './run-quietly.js';
import { Unavailable } from './unavailable.js';

/** What tests build their images on: Node.js, and the countries example's MCP server at /app/mcp/main.js. */
export const baseImage = 'localhost/usher-test/node:1';

/**
 * A real container engine: a Docker daemon of the tests' own, with everything of it in a temporary folder, on a bridge of
 * its own, and with the machine's firewall and routing left as they are. It has one image.
 *
 * @param {AbortSignal} signal
 * @returns {Promise<{ url: string, stop: () => Promise<string | undefined> }>}
 * @throws {Unavailable} when this machine cannot have one
 */
export async function startEngine(signal) {
  await using started = new AsyncDisposableStack();
  const socket = await startDaemon(started, signal);
  await importImage(socket, signal);
  const resources = started.move();
  return {
    url: `unix://${socket}`,
    async stop() {
      await resources.disposeAsync();
      return undefined;
    },
  };
}

/**
 * @param {AsyncDisposableStack} started
 * @param {AbortSignal} signal
 * @returns {Promise<string>} its socket
 */
async function startDaemon(started, signal) {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    throw new Unavailable('a Docker daemon of the tests needs root on Linux');
  for (const program of ['dockerd', 'ip', 'tar']) {
    const { ok, output } = await runQuietly(program, ['-V'], { timeoutMs: 10_000 });
    if (!ok && /ENOENT/.test(output)) throw new Unavailable(`no ${program} on PATH`);
  }
  const folder = await mkdtemp(join(tmpdir(), 'usher-engine-'));
  started.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  const bridge = addBridge(started);
  const socket = join(folder, 'docker.sock');
  const files = execFileSync('/bin/sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim();
  const options = {
    host: `unix://${socket}`,
    'data-root': join(folder, 'data'),
    'exec-root': join(folder, 'exec'),
    pidfile: join(folder, 'dockerd.pid'),
    bridge: bridge.name,
    'default-address-pool': bridge.pool,
    iptables: 'false',
    ip6tables: 'false',
    'ip-forward': 'false',
    'ip-masq': 'false',
    // A machine may not be able to raise what is usual.
    ...(files === 'unlimited' ? {} : { 'default-ulimit': `nofile=${files}:${files}` }),
  };
  const flags = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const child = spawn('dockerd', flags, { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (output = (output + text).slice(-4000)));
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  started.defer(async () => {
    process.off('exit', kill);
    await stopDaemon(child, { folder, socket });
  });
  const deadline = performance.now() + 60_000;
  while (!(await answers(socket))) {
    if (child.exitCode !== null || child.signalCode !== null || signal.aborted || performance.now() > deadline)
      throw new Unavailable(`dockerd does not start here: ${lastLineOf(output)}`);
    await delay(100);
  }
  return socket;
}

/**
 * A bridge and networks nobody has: several daemons on one machine would give out the same addresses.
 * @param {AsyncDisposableStack} started
 */
function addBridge(started) {
  const taken = new Set(
    Object.values(networkInterfaces()).flatMap((all) =>
      (all ?? []).map(({ address }) => address.split('.', 2).join('.')),
    ),
  );
  const free = Array.from({ length: 100 }, (_, index) => 100 + ((index + process.pid) % 100)).find(
    (second) => !taken.has(`10.${second}`),
  );
  const name = `usher-t${process.pid % 1_000_000}`;
  try {
    execFileSync('ip', ['link', 'add', 'name', name, 'type', 'bridge'], { stdio: 'pipe' });
    started.defer(() => void execFileSync('ip', ['link', 'del', name], { stdio: 'ignore' }));
    execFileSync('ip', ['addr', 'add', `10.${free}.0.1/24`, 'dev', name], { stdio: 'pipe' });
    execFileSync('ip', ['link', 'set', name, 'up'], { stdio: 'pipe' });
  } catch (error) {
    throw new Unavailable(`no bridge can be made here: ${lastLineOf(String(error))}`);
  }
  return { name, pool: `base=10.${free}.128.0/17,size=24` };
}

/**
 * Its networks first, which would stay as bridges of the machine; then the daemon; then what it mounted.
 * @param {import('node:child_process').ChildProcess} child
 * @param {{ folder: string, socket: string }} where
 */
async function stopDaemon(child, { folder, socket }) {
  if (child.exitCode === null && child.signalCode === null) {
    const containers = JSON.parse((await ask(socket, 'GET', '/containers/json?all=1').catch(() => '')) || '[]');
    for (const { Id } of containers) await ask(socket, 'DELETE', `/containers/${Id}?force=1&v=1`).catch(() => {});
    await ask(socket, 'POST', '/networks/prune').catch(() => {});
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await exited;
    clearTimeout(timer);
  }
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${folder}/`));
  for (const path of mounts.toReversed()) await runQuietly('umount', ['-l', path], { timeoutMs: 10_000 });
}

/**
 * Everything Node.js needs, and the example's server in one file. No distribution, no registry.
 * @param {string} socket
 * @param {AbortSignal} signal
 */
async function importImage(socket, signal) {
  const folder = await mkdtemp(join(tmpdir(), 'usher-image-'));
  try {
    for (const name of ['app/mcp', 'tmp', 'proc', 'sys', 'dev', 'etc', 'usr/bin', 'data'])
      await mkdir(join(folder, name), { recursive: true });
    await chmod(join(folder, 'tmp'), 0o1777);
    const node = process.execPath;
    await cp(node, join(folder, 'usr/bin/node'));
    for (const library of librariesOf(node)) {
      await mkdir(join(folder, dirname(library)), { recursive: true });
      await cp(library, join(folder, library), { dereference: true });
    }
    await writeFile(join(folder, 'etc/passwd'), 'root:x:0:0:root:/:/usr/bin/node\nnode:x:1000:1000::/:/usr/bin/node\n');
    await writeFile(join(folder, 'etc/group'), 'root:x:0:\nnode:x:1000:\n');
    // Otherwise names would be looked up without /etc/hosts.
    await writeFile(join(folder, 'etc/nsswitch.conf'), 'hosts: files dns\n');
    await bundleServer(join(folder, 'app/mcp'));
    const changes = ['ENTRYPOINT ["/usr/bin/node"]', 'USER 1000', 'WORKDIR /app', 'ENV PATH=/usr/bin'];
    const [repo = '', tag = ''] = baseImage.split(':');
    const query = new URLSearchParams({ fromSrc: '-', repo, tag });
    for (const change of changes) query.append('changes', change);
    const tar = spawn('tar', ['-C', folder, '--owner=0', '--group=0', '-c', ...(await readdir(folder))], {
      stdio: ['ignore', 'pipe', 'ignore'],
      signal,
    });
    tar.on('error', () => {});
    const answer = await ask(socket, 'POST', `/images/create?${query.toString()}`, tar.stdout);
    if (/"error"/.test(answer)) throw new Error(`the tests' image cannot be imported: ${answer}`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @param {string} folder */
async function bundleServer(folder) {
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({ input: join(root, 'examples/countries/mcp/main.ts'), platform: 'node' });
  await bundle.write({ dir: folder, format: 'esm', entryFileNames: 'main.js', chunkFileNames: '[name].js' });
  await bundle.close();
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
}

/**
 * @param {string} program
 * @returns {readonly string[]} absolute paths, its loader included; and those of name look-up, which are opened at run time
 */
function librariesOf(program) {
  const listed = execFileSync('ldd', [program], { encoding: 'utf8' }).match(/\/[^\s)]+/g) ?? [];
  const folder = dirname(listed.find((path) => path.includes('libc.so')) ?? '/lib/libc.so');
  const late = ['libnss_files.so.2', 'libnss_dns.so.2', 'libresolv.so.2'].map((name) => join(folder, name));
  return [...new Set([...listed, ...late.filter((path) => existsSync(path))])];
}

/** @param {string} socket */
async function answers(socket) {
  return (await ask(socket, 'GET', '/_ping').catch(() => '')) === 'OK';
}

/**
 * @param {string} socketPath
 * @param {string} method
 * @param {string} path
 * @param {import('node:stream').Readable} [body]
 * @returns {Promise<string>}
 */
function ask(socketPath, method, path, body) {
  return new Promise((resolve, reject) => {
    const headers = { host: 'engine', ...(body === undefined ? {} : { 'content-type': 'application/x-tar' }) };
    const sent = request({ socketPath, method, path, headers, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part) => (text += part));
      answer.once('end', () => resolve(text)).once('error', reject);
    });
    sent.once('error', reject);
    if (body === undefined) sent.end();
    else body.pipe(sent);
  });
}

/** @param {string} text */
function lastLineOf(text) {
  return text.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
}
