import type { CommandRow } from './command-module.ts';

/** Every command, in the order of help. Modules are loaded when they are called, so that help is there at once. */
export const commandTable: readonly CommandRow[] = [
  {
    name: 'run',
    summary: 'Put Usher in front of a server: URL, image, package, command',
    load: async () => (await import('./commands/run.ts')).runCommand,
  },
  {
    name: 'proxy',
    summary: 'The same for an MCP server that runs already, by name',
    load: async () => (await import('./commands/proxy.ts')).proxyCommand,
  },
  {
    name: 'serve',
    summary: 'Serve all MCP servers of a configuration file',
    load: async () => (await import('./commands/serve.ts')).serveCommand,
  },
  {
    name: 'list',
    summary: 'List the servers that run here, or did',
    load: async () => (await import('./commands/list.ts')).listCommand,
  },
  {
    name: 'status',
    summary: 'Show how a server is, who called, what was refused',
    operands: 'servers',
    load: async () => (await import('./commands/status.ts')).statusCommand,
  },
  {
    name: 'logs',
    summary: 'Show what a server of the background said',
    operands: 'servers',
    load: async () => (await import('./commands/logs.ts')).logsCommand,
  },
  {
    name: 'stop',
    summary: 'Stop servers',
    operands: 'servers',
    load: async () => (await import('./commands/stop.ts')).stopCommand,
  },
  {
    name: 'start',
    summary: 'Start servers again that have ended',
    operands: 'servers',
    load: async () => (await import('./commands/start.ts')).startCommand,
  },
  {
    name: 'restart',
    summary: 'Stop servers and start them again',
    operands: 'servers',
    load: async () => (await import('./commands/restart.ts')).restartCommand,
  },
  {
    name: 'rm',
    summary: 'Take servers away',
    operands: 'servers',
    load: async () => (await import('./commands/rm.ts')).rmCommand,
  },
  {
    name: 'update',
    summary: 'Change the settings of a server',
    operands: 'servers',
    load: async () => (await import('./commands/update.ts')).updateCommand,
  },
  {
    name: 'import',
    summary: 'Make servers of run configurations of ToolHive',
    load: async () => (await import('./commands/import.ts')).importCommand,
  },
  {
    name: 'export',
    summary: 'Print the configuration of a server as a file',
    operands: 'servers',
    load: async () => (await import('./commands/export.ts')).exportCommand,
  },
  {
    name: 'logout',
    summary: 'Sign out who signed in with --remote-auth',
    operands: 'servers',
    load: async () => (await import('./commands/logout.ts')).logoutCommand,
  },
  {
    name: 'demo',
    summary: 'Show the whole scenario here, from sign-in to audit trail',
    load: async () => (await import('./commands/demo.ts')).demoCommand,
  },
  {
    name: 'idp',
    summary: 'Run a stand-in for Okta, Keycloak, Entra ID or Auth0',
    load: async () => (await import('./commands/idp.ts')).idpCommand,
  },
  {
    name: 'idp rotate-keys',
    summary: 'Make new signing keys for that provider',
    load: async () => (await import('./commands/idp-rotate-keys.ts')).idpRotateKeysCommand,
  },
  {
    name: 'setup okta',
    summary: 'Set up an Okta org, and write the configuration',
    load: async () => (await import('./commands/setup-okta.ts')).setupOktaCommand,
  },
  {
    name: 'setup keycloak',
    summary: 'Set up a realm of Keycloak, and write the configuration',
    load: async () => (await import('./commands/setup-keycloak.ts')).setupKeycloakCommand,
  },
  {
    name: 'explain',
    summary: 'Explain why a call was refused, or what was done for it',
    load: async () => (await import('./commands/explain.ts')).explainCommand,
  },
  {
    name: 'doctor',
    summary: 'Check the whole chain before any user tries',
    load: async () => (await import('./commands/doctor.ts')).doctorCommand,
  },
  {
    name: 'lab faults',
    summary: 'Show what explain and doctor say of what people get wrong',
    load: async () => (await import('./commands/lab-faults.ts')).labFaultsCommand,
  },
  {
    name: 'client list',
    summary: 'List the MCP clients that servers can be written into',
    load: async () => (await import('./commands/client-list.ts')).clientListCommand,
  },
  {
    name: 'client add',
    summary: 'Make a server appear in MCP clients',
    load: async () => (await import('./commands/client-add.ts')).clientAddCommand,
  },
  {
    name: 'client remove',
    summary: 'Take a server out of MCP clients again',
    load: async () => (await import('./commands/client-remove.ts')).clientRemoveCommand,
  },
  {
    name: 'client status',
    summary: 'Show which servers stand in which MCP clients',
    load: async () => (await import('./commands/client-status.ts')).clientStatusCommand,
  },
  {
    name: 'client setup',
    summary: 'Choose the MCP clients new servers are written into',
    load: async () => (await import('./commands/client-setup.ts')).clientSetupCommand,
  },
  {
    name: 'secret set',
    summary: 'Keep a secret, so that settings can name it',
    load: async () => (await import('./commands/secret-set.ts')).secretSetCommand,
  },
  {
    name: 'secret get',
    summary: 'Print a secret',
    load: async () => (await import('./commands/secret-get.ts')).secretGetCommand,
  },
  {
    name: 'secret list',
    summary: 'List the secrets there are, without themselves',
    load: async () => (await import('./commands/secret-list.ts')).secretListCommand,
  },
  {
    name: 'secret rm',
    summary: 'Forget a secret',
    load: async () => (await import('./commands/secret-rm.ts')).secretRmCommand,
  },
  {
    name: 'secret status',
    summary: 'Show where secrets are kept, and who keeps their key',
    load: async () => (await import('./commands/secret-status.ts')).secretStatusCommand,
  },
  {
    name: 'registry list',
    summary: 'List the MCP servers that can be run by name',
    load: async () => (await import('./commands/registry-list.ts')).registryListCommand,
  },
  {
    name: 'registry search',
    summary: 'Search them by name',
    load: async () => (await import('./commands/registry-search.ts')).registrySearchCommand,
  },
  {
    name: 'registry info',
    summary: 'Show what one of them runs, needs and may do',
    load: async () => (await import('./commands/registry-info.ts')).registryInfoCommand,
  },
  {
    name: 'config show',
    summary: 'Show the configuration in use, and who said what',
    load: async () => (await import('./commands/config-show.ts')).configShowCommand,
  },
  {
    name: 'config check',
    summary: 'Check a configuration without starting anything',
    load: async () => (await import('./commands/config-check.ts')).configCheckCommand,
  },
  {
    name: 'config schema',
    summary: 'Print the JSON Schema of the configuration file, for editors',
    load: async () => (await import('./commands/config-schema.ts')).configSchemaCommand,
  },
  {
    name: 'token inspect',
    summary: 'Show what is in a token, and verify it against its issuer',
    load: async () => (await import('./commands/token-inspect.ts')).tokenInspectCommand,
  },
  {
    name: 'completion',
    summary: 'Print what lets a shell complete commands, flags and names',
    operands: 'shells',
    load: async () => (await import('./commands/completion.ts')).completionCommand,
  },
  {
    name: 'version',
    summary: 'Show the versions of Usher and of the Node.js it runs on',
    load: async () => (await import('./commands/version.ts')).versionCommand,
  },
];
