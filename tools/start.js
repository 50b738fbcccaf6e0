// `npm start [-- options]`: makes the clone ready, then runs the demonstration with the options given.
import { join } from 'node:path';
import { root } from './root.js';
import { runChild } from './run-child.js';
import { ensureReady } from './set-up.js';

try {
  const node = await ensureReady({ tests: false });
  // Nothing is left behind outside the clone.
  process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules/.cache/usher');
  process.exitCode = await runChild(node, [join(root, 'bin/usher.js'), 'demo', ...process.argv.slice(2)]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
