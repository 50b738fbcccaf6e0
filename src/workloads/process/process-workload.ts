import type { KeptServer } from '../keep-running.ts';
import type { ProcessSettings } from './schema.ts';
import { startProcess } from './start-process.ts';

/** Workload `process`: a command of this machine, to be kept running. */
export function processWorkload(name: string, settings: ProcessSettings): KeptServer {
  const { targetPort } = settings;
  // The configuration is checked for that, with the place where it is missing.
  if (targetPort === undefined) throw new TypeError('A command that listens needs a port');
  return {
    name,
    label: settings.command[0] ?? '',
    url: `http://127.0.0.1:${targetPort}${settings.targetPath}`,
    restart: settings.restart,
    start: (deps) => startProcess(name, { ...settings, targetPort }, deps),
  };
}
