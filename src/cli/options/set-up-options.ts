import type { SimpleOption } from './simple-options.ts';

const group = 'Set-up';

/** Options that `usher setup` has for every provider. */
export const setUpOptions = {
  yes: { flags: '--yes', help: 'Apply without asking', group },
  dryRun: { flags: '--dry-run', help: 'Only show what would be done', group },
  undo: { flags: '--undo', help: 'Take back what was set up from this folder, and nothing else', group },
  json: { flags: '--json', help: 'Say at the end what was done as JSON, on stdout', group },
  out: {
    flags: '--out <FOLDER>',
    help: "Folder for usher.yaml, the secrets' files and the record for --undo",
    group,
    byDefault: '.',
  },
  caFile: {
    flags: '--ca-file <PATH>',
    help: "PEM file of certificate authorities to trust beside the system's",
    group,
    env: 'USHER_CA_FILE',
  },
  name: { flags: '--name <NAME>', help: 'What the server is called in usher.yaml', group: 'Gateway', byDefault: 'mcp' },
  targetUri: {
    flags: '--target-uri <URL>',
    help: 'The MCP server behind the gateway',
    group: 'Gateway',
    byDefault: 'http://127.0.0.1:8001/mcp',
  },
  port: { flags: '--port <PORT>', help: 'Port the gateway listens on', group: 'Gateway', byDefault: '8000' },
  debug: { flags: '--debug', help: 'Show the stack of errors', group: 'Configuration' },
} as const satisfies Record<string, SimpleOption>;
