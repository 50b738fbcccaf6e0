import { deviceCodeGrant } from '../../../model/urns.ts';
import { mcpClients, people } from '../../seed/common-seed.ts';

/** The countries scenario in one tenant. The gateway's app is the API that clients ask for: only that app may exchange its
 * tokens.
 */
export const defaultSeed = `# One tenant, as an administrator would set it up in the admin center.
org: Countries

lifetimes:
  deviceCodeSeconds: 900

# App registrations that expose an API, by application id: such get version 2.0 tokens, api://ID ones of version 1.0.
servers:
  - id: mcpserver
    name: MCP server
    scheme: http
    audience: 3f6b2c1e-0d4a-4c8e-9b57-6a1d2e3f4a5b
    # What MCP clients send as resource; a real tenant wants https and a verified domain.
    identifiers: [http://localhost:8000/mcp]
    requireState: false
    scopes:
      - name: mcp.tools.call
        description: Call the tools of the MCP server for you
    policies:
      - name: MCP clients
        clients: [7c9e6679-7425-40de-944b-e07fc1f90ae7, 1b4e28ba-2fa1-41d2-883f-0016d3cca427]
        rules:
          - name: Consented delegated permission
            grantTypes: [authorization_code]
            scopes: [mcp.tools.call]
            accessTokenLifetimeMinutes: 75
  - id: backend
    name: Back end
    scheme: http
    audience: 9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d
    requireState: false
    scopes:
      - name: Countries.Read
        description: Read the countries API for you
    policies:
      - name: Gateway
        clients: [3f6b2c1e-0d4a-4c8e-9b57-6a1d2e3f4a5b]
        rules:
          - name: Admin consent
            grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange']
            scopes: [Countries.Read]
            accessTokenLifetimeMinutes: 75

apps:
${mcpClients('7c9e6679-7425-40de-944b-e07fc1f90ae7', '1b4e28ba-2fa1-41d2-883f-0016d3cca427', [`'${deviceCodeGrant}'`])}  - clientId: 3f6b2c1e-0d4a-4c8e-9b57-6a1d2e3f4a5b
    clientSecret: gateway-development-secret
    label: MCP gateway
    type: service
    grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange']

${people}`;
