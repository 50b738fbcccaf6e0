import type { ServerEntry } from './client.ts';
import type { FileValue } from './formats/format.ts';

/** An object without the fields that say nothing. */
export function fields(given: Readonly<Record<string, FileValue | undefined>>): FileValue {
  return Object.fromEntries(
    Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
  );
}

/** Headers, where there are any. */
export function headersOf({ headers }: ServerEntry): FileValue | undefined {
  return headers === undefined || Object.keys(headers).length === 0 ? undefined : headers;
}

/** `{ "type": …, "url": …, "headers": … }`, the type only where one is given. */
export function typed(type: string | undefined): (server: ServerEntry) => FileValue {
  return (server) => fields({ type, url: server.url, headers: headersOf(server) });
}

/** `{ "serverUrl": …, "headers": … }` */
export function withServerUrl(server: ServerEntry): FileValue {
  return fields({ serverUrl: server.url, headers: headersOf(server) });
}

/** A command that speaks stdio with the client and HTTP with the server, for clients that start commands only: mcp-remote
 * (github.com/geelen/mcp-remote). Values of headers are in the environment: several clients on Windows break arguments at spaces.
 */
export function throughMcpRemote({ url, headers = {}, oauth }: ServerEntry): FileValue {
  const names = Object.keys(headers);
  const variable = (index: number) => `MCP_HEADER_${index + 1}`;
  const { protocol, hostname } = new URL(url);
  const isRefused = protocol === 'http:' && hostname !== 'localhost' && hostname !== '127.0.0.1';
  return fields({
    command: 'npx',
    args: [
      '-y',
      'mcp-remote',
      url,
      ...(oauth?.callbackPort === undefined ? [] : [String(oauth.callbackPort)]),
      ...(isRefused ? ['--allow-http'] : []),
      ...names.flatMap((name, index) => ['--header', `${name}:\${${variable(index)}}`]),
      ...(oauth === undefined ? [] : ['--static-oauth-client-info', JSON.stringify({ client_id: oauth.clientId })]),
    ],
    env:
      names.length === 0
        ? undefined
        : Object.fromEntries(names.map((name, index) => [variable(index), headers[name] ?? ''])),
  });
}
