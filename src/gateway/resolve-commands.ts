import type { Config } from '../config/schema.ts';

/** What is run for a command of the configuration: itself, or the program of a package that stands in the place of one.
 * @throws UsherError package_failed, runner_missing
 */
export type ResolveCommand = (command: readonly string[]) => Promise<readonly string[]>;

/** The same configuration with commands that can be started.
 * @throws UsherError package_failed, runner_missing
 */
export async function resolveCommands(config: Config, resolve: ResolveCommand | undefined): Promise<Config> {
  if (resolve === undefined) return config;
  const servers: Record<string, Config['servers'][string]> = {};
  for (const [name, server] of Object.entries(config.servers)) {
    const { upstream } = server;
    servers[name] =
      upstream.strategy === 'process'
        ? { ...server, upstream: { ...upstream, command: [...(await resolve(upstream.command))] } }
        : server;
  }
  return { ...config, servers };
}
