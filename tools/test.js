// `npm test [-- options] [pattern…]`: makes the clone ready, then runs the checks and all tests; with patterns, only the
// test files whose path contains one of them. The last line is the count.
import { join } from 'node:path';
import { root } from './root.js';
import { runChild } from './run-child.js';
import { ensureReady } from './set-up.js';

try {
  const node = await ensureReady({ tests: true });
  // Set where one test run is started by a test of another; node:test would refuse to run.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  process.exitCode = await runChild(node, [join(root, 'tools/run-tests.js'), ...process.argv.slice(2)], { env });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.log('\n0 passed, 1 failed, 0 skipped');
  process.exitCode = 1;
}
