import { deviceCodeGrant } from '../../../model/urns.ts';
import { mcpClients, people } from '../../seed/common-seed.ts';

/** The countries scenario in one realm. The gateway's client is called as its API is: a token can only be exchanged by a client
 * that is in its audience.
 */
export const defaultSeed = `# One realm, as an administrator would set it up in the console.
org: Countries

# Clients that stand for an API; their scopes are client scopes with an audience mapper.
servers:
  - id: mcpserver
    name: MCP server
    scheme: http
    audience: mcpserver
    requireState: false
    scopes:
      - name: mcp:tools:call
        description: Call the tools of the MCP server for you
    policies:
      - name: MCP clients
        clients: [vscode, demo]
        rules:
          - name: Optional client scope
            grantTypes: [authorization_code]
            scopes: [mcp:tools:call]
            accessTokenLifetimeMinutes: 5
  - id: backend
    name: Back end
    scheme: http
    audience: backend
    requireState: false
    scopes:
      - name: backend-api:read
        description: Read the countries API for you
    policies:
      - name: Gateway
        clients: [mcpserver]
        rules:
          - name: Optional client scope
            grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange']
            scopes: [backend-api:read]
            accessTokenLifetimeMinutes: 5

apps:
${mcpClients('vscode', 'demo', [`'${deviceCodeGrant}'`])}  - clientId: mcpserver
    clientSecret: gateway-development-secret
    label: MCP gateway
    type: service
    grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange']

${people}`;
