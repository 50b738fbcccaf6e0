import type { Config } from './schema.ts';
import { sameSettings } from './same-settings.ts';

/** What differs between two configurations and cannot be changed while the process runs: a sentence each, without values,
 * since commands and their environment may hold secrets. Empty when the second can be taken over.
 */
export function findFixedChanges(now: Config, next: Config): string[] {
  const settings: [string, unknown, unknown][] = [
    ['listen.host', now.listen.host, next.listen.host],
    ['listen.port', now.listen.port, next.listen.port],
    ['listen.tls (whether there is one)', now.listen.tls !== undefined, next.listen.tls !== undefined],
    ['audit.file', now.audit.file, next.audit.file],
    ['state', now.state, next.state],
    ['log.format', now.log.format, next.log.format],
  ];
  const names = new Set([...Object.keys(now.servers), ...Object.keys(next.servers)]);
  for (const name of names) {
    settings.push([`servers.${name}.upstream (a command or container)`, commandOf(now, name), commandOf(next, name)]);
  }
  return settings.filter(([, before, after]) => !sameSettings(before, after)).map(([what]) => `${what} is another now`);
}

/** What Usher runs for a server, with everything that belongs to it. */
function commandOf({ servers }: Config, name: string): unknown {
  const upstream = Object.hasOwn(servers, name) ? servers[name]?.upstream : undefined;
  if (upstream?.strategy === undefined || upstream.strategy === 'http') return undefined;
  return upstream.transport === 'stdio' ? [upstream, servers[name]?.answerTimeoutSeconds] : upstream;
}
