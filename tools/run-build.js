// `npm run build`, and before packing
import { root } from './root.js';
import { ensureReady } from './set-up.js';

try {
  await ensureReady({ tests: false });
  console.log(`Built: ${root}/dist`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
