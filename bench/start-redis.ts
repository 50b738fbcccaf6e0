import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { findPort } from './start-proxy.ts';

/** A Redis server of a measurement's own. Undefined where there is none on this machine. */
export async function startRedis(): Promise<({ readonly url: string } & AsyncDisposable) | undefined> {
  const command = ['redis-server', 'valkey-server'].find((name) => spawnSync(name, ['--version']).status === 0);
  if (command === undefined) return undefined;
  const port = await findPort();
  const redis = spawn(command, ['--bind', '127.0.0.1', '--port', String(port), '--save', ''], { stdio: 'ignore' });
  return {
    url: `redis://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const exited = once(redis, 'exit');
      redis.kill('SIGKILL');
      await exited;
    },
  };
}
