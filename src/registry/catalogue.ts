import type { ServerDocument } from './server-document.ts';

/** Servers Usher knows by name, in the form of server.json. Versions are those that were looked at, none is `latest`; images
 * are named by their tag where no digest is known for certain. Names begin with the domain of whoever makes the
 * server, the other way around. Versions and programs are those of the registries of npm, PyPI and Go. Arguments and environment are what these
 * projects are known to take; of these servers `everything`,
 * `memory` and `sequential-thinking` were run.
 */
export const catalogue: readonly ServerDocument[] = [
  {
    // apollographql.com/docs/apollo-mcp-server/run: image, /config.yaml as argument, /data as working folder, port of the configuration.
    name: 'com.apollographql/apollo-mcp-server',
    title: 'Apollo MCP server',
    description:
      'GraphQL operations as tools; its configuration names the API, the operations and how callers are checked',
    version: '1.17.0',
    repository: { url: 'https://github.com/apollographql/apollo-mcp-server' },
    packages: [
      {
        registryType: 'oci',
        identifier: 'ghcr.io/apollographql/apollo-mcp-server:v1.17.0',
        transport: { type: 'streamable-http', url: 'http://127.0.0.1:8000/mcp' },
        packageArguments: [
          {
            type: 'positional',
            valueHint: 'config_file',
            description: 'Its configuration, as the container sees it',
            isRequired: true,
          },
        ],
        environmentVariables: [
          { name: 'APOLLO_GRAPH_REF', description: 'Graph at GraphOS, where operations come from there' },
          { name: 'APOLLO_KEY', description: 'Key for GraphOS', isSecret: true },
        ],
      },
    ],
  },
  {
    name: 'io.modelcontextprotocol/everything',
    title: 'Everything',
    description: 'Shows every feature of MCP; for trying clients and gateways',
    version: '2026.8.31',
    repository: { url: 'https://github.com/modelcontextprotocol/servers' },
    packages: [
      {
        registryType: 'npm',
        identifier: '@modelcontextprotocol/server-everything',
        version: '2026.8.31',
        transport: { type: 'streamable-http', url: 'http://127.0.0.1:3001/mcp' },
        packageArguments: [{ type: 'positional', value: 'streamableHttp' }],
        environmentVariables: [{ name: 'PORT', value: '3001' }],
      },
    ],
  },
  stdioOfNpm('filesystem', '2026.8.31', 'Reads and writes files in the folders it is given', [
    { type: 'positional', valueHint: 'folder', description: 'Folder it may use; more may follow', isRequired: true },
  ]),
  stdioOfNpm('memory', '2026.8.31', 'Remembers facts as a graph, in a file'),
  stdioOfNpm('sequential-thinking', '2026.8.31', 'Lets a model think in steps that it can go back over'),
  stdioOfPython('time', '2026.10.19', 'What time it is, in any time zone'),
  stdioOfPython('fetch', '2026.10.24', 'Fetches web pages as text; reaches whatever this machine reaches'),
  stdioOfPython('git', '2026.10.19', 'Reads and changes Git repositories of this machine'),
  {
    // github.com/microsoft/playwright-mcp, README: --port and --host for Streamable HTTP at /mcp.
    name: 'com.microsoft/playwright-mcp',
    title: 'Playwright',
    description: 'Drives a browser of this machine',
    version: '0.0.83',
    repository: { url: 'https://github.com/microsoft/playwright-mcp' },
    packages: [
      {
        registryType: 'npm',
        identifier: '@playwright/mcp',
        version: '0.0.83',
        transport: { type: 'streamable-http', url: 'http://127.0.0.1:8931/mcp' },
        packageArguments: [
          { type: 'named', name: '--port', value: '8931' },
          { type: 'named', name: '--host', value: '127.0.0.1' },
        ],
      },
    ],
  },
  {
    // github.com/upstash/context7, README: --transport http --port.
    name: 'io.github.upstash/context7',
    title: 'Context7',
    description: 'Documentation of libraries, as it is now',
    version: '4.1.1',
    repository: { url: 'https://github.com/upstash/context7' },
    packages: [
      {
        registryType: 'npm',
        identifier: '@upstash/context7-mcp',
        version: '4.1.1',
        transport: { type: 'streamable-http', url: 'http://127.0.0.1:3002/mcp' },
        packageArguments: [
          { type: 'named', name: '--transport', value: 'http' },
          { type: 'named', name: '--port', value: '3002' },
        ],
      },
    ],
  },
  {
    // github.com/makenotion/notion-mcp-server, README: NOTION_TOKEN; standard streams by default.
    name: 'com.notion/notion-mcp-server',
    title: 'Notion',
    description: 'Pages and databases of a Notion workspace, with a token of an integration',
    version: '2.5.2',
    repository: { url: 'https://github.com/makenotion/notion-mcp-server' },
    packages: [
      {
        registryType: 'npm',
        identifier: '@notionhq/notion-mcp-server',
        version: '2.5.2',
        transport: { type: 'stdio' },
        environmentVariables: [
          { name: 'NOTION_TOKEN', description: 'Token of the integration', isRequired: true, isSecret: true },
        ],
      },
    ],
  },
  {
    // github.com/mongodb-js/mongodb-mcp-server, README: MDB_MCP_CONNECTION_STRING; standard streams by default.
    name: 'io.github.mongodb-js/mongodb-mcp-server',
    title: 'MongoDB',
    description: 'Queries and administration of a MongoDB database or of Atlas',
    version: '3.0.4',
    repository: { url: 'https://github.com/mongodb-js/mongodb-mcp-server' },
    packages: [
      {
        registryType: 'npm',
        identifier: 'mongodb-mcp-server',
        version: '3.0.4',
        transport: { type: 'stdio' },
        environmentVariables: [
          { name: 'MDB_MCP_CONNECTION_STRING', description: 'Where the database is', isSecret: true },
          { name: 'MDB_MCP_READ_ONLY', description: 'true: nothing is changed', default: 'true' },
        ],
      },
    ],
  },
];

type Argument = NonNullable<NonNullable<ServerDocument['packages']>[number]['packageArguments']>[number];

/** Reference servers of the protocol's own project (github.com/modelcontextprotocol/servers), each with its README. */
function stdioOfNpm(name: string, version: string, description: string, args: Argument[] = []): ServerDocument {
  return reference(name, {
    version,
    description,
    registryType: 'npm',
    identifier: `@modelcontextprotocol/server-${name}`,
    args,
  });
}

function stdioOfPython(name: string, version: string, description: string): ServerDocument {
  return reference(name, { version, description, registryType: 'pypi', identifier: `mcp-server-${name}`, args: [] });
}

interface Reference {
  readonly version: string;
  readonly description: string;
  readonly registryType: string;
  readonly identifier: string;
  readonly args: Argument[];
}

function reference(name: string, { version, description, registryType, identifier, args }: Reference): ServerDocument {
  return {
    name: `io.modelcontextprotocol/${name}`,
    description,
    version,
    repository: { url: 'https://github.com/modelcontextprotocol/servers' },
    packages: [{ registryType, identifier, version, transport: { type: 'stdio' }, packageArguments: args }],
  };
}
