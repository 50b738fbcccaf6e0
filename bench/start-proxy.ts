import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { openSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { root } from '../tools/root.js';

/** Something that is measured: a process that listens. Disposing of it ends it. */
export interface Proxy extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly port: number;
  /** From the start of the process until its port took a connection. */
  readonly startMs: number;
}

export interface ProxyOrder {
  readonly command: string;
  readonly args: readonly string[];
  readonly port: number;
  /** File that stdout and stderr go to. */
  readonly logFile: string;
  readonly ipc?: boolean;
}

/** Starts a process and waits until its port takes connections.
 * @throws Error naming its log when it ends before, or does not listen within 15 s
 */
export async function startProxy({ command, args, port, logFile, ipc = false }: ProxyOrder): Promise<Proxy> {
  const log = openSync(logFile, 'a');
  const startedAt = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', log, log, ...(ipc ? (['ipc'] as const) : [])] });
  let failure: string | undefined;
  child.once('error', (error) => (failure = error.message));
  child.once('exit', (code, signal) => (failure = `it ended with ${code ?? signal}`));
  while (!(await canConnect(port))) {
    if (performance.now() - startedAt > 15_000) failure ??= 'it does not listen';
    if (failure !== undefined) {
      child.kill('SIGKILL');
      throw new Error(`Cannot start ${command} ${args.join(' ')}: ${failure}; see ${logFile}`);
    }
    await delay(2);
  }
  return {
    child,
    pid: child.pid ?? 0,
    port,
    startMs: performance.now() - startedAt,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), 3_000);
      await ended;
      clearTimeout(killer);
    },
  };
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** A port that is free now. */
export async function findPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('Cannot find a free port');
  return address.port;
}

/** Is nginx installed? */
export function hasNginx(): boolean {
  return spawnSync('nginx', ['-v']).status === 0;
}

/** nginx as a plain reverse proxy: one worker, keep-alive on both sides, no access log. */
export async function startNginx(folder: string, originPort: number): Promise<Proxy> {
  const port = await findPort();
  const file = join(folder, 'nginx.conf');
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  writeFileSync(
    file,
    `daemon off; worker_processes 1; ${user} pid ${folder}/nginx.pid; error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  upstream origin { server 127.0.0.1:${originPort}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 1000000000;
    location / { proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
`,
  );
  return startProxy({
    command: 'nginx',
    args: ['-p', folder, '-e', 'stderr', '-c', file],
    port,
    logFile: join(folder, 'nginx.log'),
  });
}

/** The floor every Node.js proxy stands on: bench/bare-proxy.ts. */
export async function startBare(folder: string, originPort: number): Promise<Proxy> {
  const port = await findPort();
  return startProxy({
    command: process.execPath,
    args: [join(root, 'bench/bare-proxy.ts'), String(originPort), String(port)],
    port,
    logFile: join(folder, 'bare.log'),
  });
}
