// `npm run vscode`: makes the clone ready, fetches VS Code as code-server (once: some ten minutes of compiling), and shows the
// scenario in it. CODE_SERVER names the entry file of one that is there already.
import { dirname, join } from 'node:path';
import { keepFolder } from './real/keep-folder.js';
import { root } from './root.js';
import { runChild } from './run-child.js';
import { runQuietly } from './real/run-quietly.js';
import { ensureReady } from './set-up.js';

const version = '4.139.1';

try {
  const node = await ensureReady({ tests: true });
  process.env['CODE_SERVER'] ??= await fetchCodeServer(node);
  process.exitCode = await runChild(node, [join(root, 'test/vscode/run-vscode.ts')]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** @param {string} node what its add-ons are compiled for */
async function fetchCodeServer(node) {
  console.error('Fetching VS Code (code-server), once; its add-ons are compiled, which takes some ten minutes …');
  const folder = await keepFolder(`code-server-${version}-${process.arch}`, async (partial) => {
    const bin = dirname(node);
    process.env['PATH'] = `${bin}:${process.env['PATH'] ?? ''}`;
    process.env['npm_config_nodedir'] = dirname(bin);
    // Of the npm that runs this script, which may be of another Node.js; the one to come would hand it on.
    delete process.env['npm_config_user_agent'];
    const install = ['install', '--prefix', partial, '--no-audit', '--no-fund', '--foreground-scripts'];
    const { ok, output } = await runQuietly('npm', [...install, `code-server@${version}`], { timeoutMs: 1_800_000 });
    if (!ok)
      throw new Error(
        `Cannot fetch VS Code; it needs npm, a C++ compiler, Python and libkrb5-dev:\n${output.slice(-2000)}`,
      );
  });
  return join(folder, 'node_modules/code-server/out/node/entry.js');
}
