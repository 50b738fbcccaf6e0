import { deviceCodeGrant } from '../../../model/urns.ts';
import { mcpClients, people } from '../../seed/common-seed.ts';

/** The countries scenario in one tenant: two APIs, and the gateway as the Custom API Client of the first. */
export const defaultSeed = `# One tenant, as an administrator would set it up in the dashboard.
org: Countries

lifetimes:
  deviceCodeSeconds: 900

# APIs, by their identifiers.
servers:
  - id: mcpserver
    name: MCP server
    scheme: http
    audience: http://localhost:8000/mcp
    requireState: false
    scopes:
      - name: mcp:tools:call
        description: Call the tools of the MCP server for you
    policies:
      - name: MCP clients
        clients: [vscode, demo]
        rules:
          - name: User-delegated access
            grantTypes: [authorization_code]
            scopes: [mcp:tools:call]
            accessTokenLifetimeMinutes: 1440
  - id: backend
    name: Back end
    scheme: http
    audience: https://countries.example.com
    requireState: false
    scopes:
      - name: backend-api:read
        description: Read the countries API for you
    policies:
      - name: Gateway
        clients: [gateway]
        rules:
          - name: User-delegated access
            grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange']
            scopes: [backend-api:read]
            accessTokenLifetimeMinutes: 1440

apps:
${mcpClients('vscode', 'demo', [`'${deviceCodeGrant}'`])}  - clientId: gateway
    clientSecret: gateway-development-secret
    label: MCP gateway
    type: service
    api: mcpserver
    grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange']

${people}`;
