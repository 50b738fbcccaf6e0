import { clientTable } from '../clients/client-table.ts';

/** An MCP client as far as signing in goes. */
export interface ClientRow {
  readonly title: string;
  /** All it may come back to. */
  readonly redirectUris: readonly string[];
}

/** Where the clients people use come back to after signing in. Ports of loopback addresses do not count where a provider
 * keeps to RFC 8252 §7.3; where it does not, they are these.
 */
export const knownClients: readonly ClientRow[] = [
  ...clientTable.flatMap(({ title, redirectUris }) => (redirectUris === undefined ? [] : [{ title, redirectUris }])),
  // github.com/modelcontextprotocol/inspector; its command line listens elsewhere
  { title: 'MCP Inspector', redirectUris: ['http://localhost:6274/oauth/callback'] },
  { title: 'MCP Inspector with --cli', redirectUris: ['http://127.0.0.1:6276/oauth/callback'] },
  // support.claude.com, custom connectors
  { title: 'Claude', redirectUris: ['https://claude.ai/api/mcp/auth_callback'] },
];
