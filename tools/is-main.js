import { realpathSync } from 'node:fs';

/**
 * Was this module started as the program, not imported? `import.meta.main` is not there before Node.js 24.
 * @param {ImportMeta} meta
 */
export function isMain(meta) {
  const program = process.argv[1];
  return program !== undefined && realpathSync(program) === meta.filename;
}
