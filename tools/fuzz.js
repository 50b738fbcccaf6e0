// `npm run fuzz [-- options] [target…]`: makes the clone ready, then throws changed inputs at the parsers.
// Options: --seconds N (of each target), --seed N, --replay BASE64.
import { join } from 'node:path';
import { root } from './root.js';
import { runChild } from './run-child.js';
import { ensureReady } from './set-up.js';

try {
  const node = await ensureReady({ tests: false, built: false });
  process.exitCode = await runChild(node, [join(root, 'test/fuzz/run-fuzz.ts'), ...process.argv.slice(2)]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
