import { loadConfig, type LoadedConfig, type LoadOptions } from '../config/load.ts';
import type { ServerPlace } from './places.ts';

/** Loads the configuration a server was saved with. Nothing of the environment counts: what was said then, holds.
 * @throws UsherError config_invalid when it cannot be used any more, or a file it names is gone
 */
export function loadSaved(
  { name, settings }: ServerPlace,
  more: Partial<LoadOptions> & Required<Pick<LoadOptions, 'findSecret'>>,
): LoadedConfig {
  return loadConfig({
    file: settings,
    oneServer: { name, spelling: { upstream: 'URL', upstreamAdvice: 'give the URL of an MCP server' } },
    environment: {},
    flags: [],
    ...more,
  });
}
