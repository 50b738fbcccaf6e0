import { isCommandOnly, takesCallbackPort, takesClientId, takesHeaders } from '../../src/clients/add-server.ts';
import { clientTable } from '../../src/clients/client-table.ts';
import { expandPath } from '../../src/clients/machine.ts';
import { code, generatedNote, table } from './markdown.js';

/** Where people's files are in words they know; the environment can move them. */
const homes = /** @type {const} */ ([
  ['linux', 'Linux', { home: '~', folder: '.', environment: {} }],
  ['darwin', 'macOS', { home: '~', folder: '.', environment: {} }],
  ['win32', 'Windows', { home: '%USERPROFILE%', folder: '.', environment: {} }],
]);

/** @param {import('../../src/clients/client.ts').Client} client */
function row(client) {
  const { id, title, path, holds, doubt, source, tried } = client;
  const takes = [
    ...(takesHeaders(client) ? ['headers'] : []),
    ...(takesClientId(client) ? ['client id'] : []),
    ...(takesCallbackPort(client) ? ['callback port'] : []),
  ];
  const notes = [...(isCommandOnly(client) ? ['by `npx mcp-remote`'] : []), ...(doubt === undefined ? [] : [doubt])];
  return [
    code(id),
    title,
    code(holds === 'list' ? `${path.join('.')}[]` : `${path.join('.')}.NAME`),
    takes.join(', '),
    `[page](${source})`,
    tried ?? '',
    notes.join('; '),
  ];
}

export function clientsPage() {
  const files = clientTable.map((client) => [
    code(client.id),
    ...homes.map(([platform, , machine]) => {
      const path = client.file[platform];
      if (path === undefined) return '–';
      const found = expandPath(path, { platform, ...machine });
      return code(found.replace(String.raw`%USERPROFILE%\AppData\Roaming`, '%APPDATA%'));
    }),
  ]);
  return [
    generatedNote,
    '# MCP clients',
    'The clients `usher client` writes servers into. [How](../guides/clients.md). _Tried with_ is the version that was seen to read what Usher wrote; the others are written as their vendors document it.',
    table(
      ['Id', 'Client', 'Where a server stands', 'Takes from the file', 'Documented', 'Tried with', 'Note'],
      clientTable.map(row),
    ),
    '## Files',
    'Where the environment moves the folders (`XDG_CONFIG_HOME`, `CODEX_HOME`, `CLAUDE_CONFIG_DIR`, `COPILOT_HOME`, …), they are looked for there. Those without `~` are below the folder the command is run in.',
    table(['Id', ...homes.map(([, name]) => name)], files),
  ].join('\n\n');
}
