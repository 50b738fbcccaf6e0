// `npm run bench [-- options]`: makes the clone ready, then measures. Options: --quick, --json, --memory, --streams,
// --soak [--minutes N] [--rate N], --kills, --replicas, --storm, --introspection, --dpop, --stdio,
// --connections N, --rounds N, --seconds N (of one arm in one round).
import { join } from 'node:path';
import { root } from './root.js';
import { runChild } from './run-child.js';
import { ensureReady } from './set-up.js';

try {
  const node = await ensureReady({ tests: false });
  process.exitCode = await runChild(node, [join(root, 'bench/run-bench.ts'), ...process.argv.slice(2)]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
