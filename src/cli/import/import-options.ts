import { setUpOptions } from '../options/set-up-options.ts';
import { serverOptions } from '../options/server-options.ts';
import { runOptions } from '../target/one-server.ts';
import type { SimpleOption } from '../options/simple-options.ts';

const group = 'Import';

/** What `usher import` has beside settings. */
export const importOptions = {
  without: {
    flags: '--without <KEY,…>',
    help: 'Parts of the file that are left out though they decide who may do what: each by its key, as the refusal names it',
    group,
  },
  name: { flags: '--name <NAME>', help: 'What the server is called; by default as in the file', group },
  yes: { flags: '--yes', help: 'Import without asking', group },
  dryRun: { flags: '--dry-run', help: 'Only show what would be made of the files', group },
  json: { flags: '--json', help: 'Say at the end what was imported as JSON, on stdout', group },
  group: { flags: '--group <NAME>', help: 'Group of servers; by default as in the file', group: 'Server' },
  client: runOptions.client,
  noClient: runOptions.noClient,
  debug: { ...serverOptions.debug, group: setUpOptions.debug.group },
} as const satisfies Record<string, SimpleOption>;
