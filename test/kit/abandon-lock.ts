import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A process takes the lock, and is killed. */
export async function abandonLock(path: string): Promise<void> {
  const program = `const { holdLock } = await import(${JSON.stringify(import.meta.resolve('../../src/lib/hold-lock.ts'))});
    await holdLock(${JSON.stringify(path)}, { timeoutMs: 0 });
    process.kill(process.pid, 'SIGKILL');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
  const [, signal] = await once(child, 'exit');
  assert.equal(signal, 'SIGKILL');
}
