import { deviceCodeGrant } from '../../model/urns.ts';
import { mcpClients, people } from './common-seed.ts';

/** The seed that is used when none is given: the countries scenario. Its secrets are published here and protect nothing. */
export const defaultSeed = `# One org with two authorization servers, as an administrator would set it up in the console.
org: Countries

servers:
  # Where people sign in. On http, so that a desktop client needs no new certificate authority.
  - id: mcpserver
    name: MCP server
    scheme: http
    audience: mcpserver
    registration: true
    scopes:
      - name: mcp:tools:call
        description: Call the tools of the MCP server for you
        published: true
        default: true
    policies:
      - name: MCP clients
        clients: [vscode, demo]
        rules:
          - name: People call tools
            grantTypes: [authorization_code, '${deviceCodeGrant}']
            scopes: [openid, profile, email, offline_access, mcp:tools:call]
      - name: Clients that registered themselves
        clients: ALL_CLIENTS
        rules:
          - name: People call tools
            grantTypes: [authorization_code, '${deviceCodeGrant}']
            scopes: [openid, profile, email, offline_access, mcp:tools:call]

  # What the API trusts. On https, since Okta's verifier takes no other issuer.
  - id: backend
    name: Back end
    scheme: https
    audience: backend
    trusts: [mcpserver]
    scopes:
      - name: backend-api:read
        description: Read the countries API for you
    policies:
      - name: Gateway
        clients: [gateway]
        rules:
          - name: Exchange tokens
            grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange']
            scopes: [backend-api:read]

apps:
${mcpClients('vscode', 'demo', [`'${deviceCodeGrant}'`])}  - clientId: gateway
    clientSecret: gateway-development-secret
    label: MCP gateway
    type: service
    grantTypes: ['urn:ietf:params:oauth:grant-type:token-exchange']

${people}`;
