import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { isOnPath } from './is-on-path.js';
import { keepFolder } from './keep-folder.js';
import { runQuietly } from './run-quietly.js';
import { Unavailable } from './unavailable.js';

/** What renders the chart, and what holds the result against Kubernetes' own schemas. */
const modules = ['helm.sh/helm/v3/cmd/helm@v3.22.0', 'github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0'];
/** Helm is a large program: minutes on a busy machine, once. */
const timeoutMs = 600_000;

/**
 * A folder with the programs `helm` and `kubeconform`, compiled by Go.
 *
 * @param {AbortSignal} signal
 * @returns {Promise<{ url: string, stop: () => Promise<undefined> }>} url: the path of the folder
 * @throws {Unavailable} where there is no Go, or it cannot fetch them
 */
export async function buildHelm(signal) {
  if (!isOnPath('go')) throw new Unavailable('no go on PATH');
  const name = `helm-${modules.map((module) => module.split('@')[1]).join('-')}`;
  const folder = await keepFolder(name, (partial) => build(partial, signal));
  return { url: folder, stop: async () => undefined };
}

/**
 * @param {string} folder
 * @param {AbortSignal} signal
 */
async function build(folder, signal) {
  const bin = join(folder, 'bin');
  for (const module of modules) {
    const { ok, output } = await runQuietly('env', [`GOBIN=${bin}`, 'GOFLAGS=', 'nice', 'go', 'install', module], {
      timeoutMs,
      signal,
      cwd: folder,
    });
    // Its sentences name the proxy they failed at, which is the machine's business.
    if (!ok)
      throw new Unavailable(`go cannot build ${module}: ${output.slice(-200).replaceAll(/https?:\/\/\S+/g, '…')}`);
  }
  for (const program of ['helm', 'kubeconform']) await rename(join(bin, program), join(folder, program));
}
