import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

/** A Redis server of a test's own: a real one, with a password, keeping nothing. */
export interface TestRedis extends AsyncDisposable {
  readonly url: string;
  readonly password: string;
  /** What a command answers, as the wire has it. */
  command(...words: readonly string[]): Promise<string>;
  /** Kills it, as a machine that goes down does. */
  kill(): Promise<void>;
  /** Starts it again at the same place, empty. */
  start(): Promise<void>;
  /** Lets it hang, and go on. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
}

const command = ['redis-server', 'valkey-server'].find((name) => spawnSync(name, ['--version']).status === 0);

/** A listener's certificate, and the authority to trust. */
export interface RedisTls {
  readonly certFile: string;
  readonly keyFile: string;
  readonly ca: string;
}

/** Why tests that need a Redis server are left out; false where they run. Where one has to be there, they fail instead. */
export const skipWithoutRedis: string | false =
  command === undefined && process.env['REQUIRE_REDIS'] === undefined ? 'no redis-server on this machine' : false;

/** Over TLS alone where there is a certificate. */
export async function startRedis(tls?: RedisTls): Promise<TestRedis> {
  const port = await freePort();
  const password = 'password-of-the-test';
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const settings = `--bind 127.0.0.1 --appendonly no --requirepass ${password}`.split(' ');
    const listener = tls === undefined ? ['--port', String(port)] : tlsSettings(port, tls);
    child = spawn(command ?? 'redis-server', [...settings, ...listener, '--save', ''], { stdio: 'ignore' });
    for (let attempt = 0; attempt < 500; attempt += 1) {
      if ((await ask('PING').catch(() => '')) === '+PONG') return;
      await sleep(20);
    }
    throw new Error('redis-server did not start');
  }

  /** One command on a connection of its own: independent of the client that is tested. */
  async function ask(...words: readonly string[]): Promise<string> {
    const socket = tls === undefined ? connect(port, '127.0.0.1') : connectTls({ port, host: 'localhost', ca: tls.ca });
    const encoded = [['AUTH', password], words].map(
      (one) => `*${one.length}\r\n${one.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`,
    );
    let text = '';
    socket.on('data', (data) => (text += data.toString('latin1')));
    socket.write(`${encoded.join('')}*1\r\n$4\r\nQUIT\r\n`);
    await once(socket, 'close');
    return text
      .replace(/^\+OK\r\n/, '')
      .replace(/\+OK\r\n$/, '')
      .trim();
  }

  async function kill(): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  await start();
  return {
    url: tls === undefined ? `redis://127.0.0.1:${port}` : `rediss://localhost:${port}`,
    password,
    command: ask,
    kill,
    start,
    signal: (signal) => child?.kill(signal),
    [Symbol.asyncDispose]: kill,
  };
}

function tlsSettings(port: number, { certFile, keyFile }: RedisTls): string[] {
  const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile, '--tls-auth-clients', 'no'];
  return ['--port', '0', '--tls-port', String(port), ...files];
}
