import type { Fault } from '../fault.ts';
import { both } from './both.ts';
import type { SharedFault } from './shared-fault.ts';
import type { ServerVariant } from '../start-fault-lab.ts';

const behind = (variant: ServerVariant): NonNullable<Fault['gateway']> => {
  return async (lab) => ({ serverUrl: await lab.serverUrl(variant) });
};
const inTheAnswer = { nothing: "the gateway passes a tool's own error on unread" } as const;

/** What can be wrong behind the gateway. */
export const serverFaults: readonly SharedFault[] = [
  {
    name: 'server-down',
    title: 'The MCP server does not run',
    gateway: () => ({ serverUrl: 'http://127.0.0.1:1/mcp' }),
    ...both('server-down'),
  },
  {
    name: 'server-slow',
    title: 'The MCP server does not answer',
    gateway: (lab) => ({ serverUrl: `${lab.standIn.url}/slow`, answerTimeoutSeconds: 1 }),
    ...both('server-slow'),
  },
  {
    name: 'server-crashes',
    title: 'The MCP server ends the connection',
    gateway: (lab) => ({ serverUrl: `${lab.standIn.url}/reset` }),
    ...both('server-broke-off'),
  },
  {
    name: 'server-redirects',
    title: 'The MCP server is somewhere else by now',
    gateway: (lab) => ({ serverUrl: `${lab.standIn.url}/redirect` }),
    ...both('server-redirects'),
  },
  {
    name: 'server-path',
    title: 'The path of the MCP server is another',
    gateway: (lab) => ({ serverUrl: `${lab.standIn.url}/nothing-here` }),
    ...both('server-path-wrong'),
  },
  {
    name: 'server-wants-other-issuer',
    title: 'The MCP server takes tokens of another issuer',
    gateway: behind('other-issuer'),
    ...both('server-wants-other-issuer'),
  },
  {
    name: 'server-wants-other-audience',
    title: 'The MCP server takes tokens for another audience',
    gateway: behind('other-audience'),
    ...both('server-wants-other-audience'),
  },
  {
    name: 'server-wants-other-scope',
    title: 'The MCP server wants another scope',
    gateway: behind('other-scope'),
    ...both('server-forbids'),
  },
  {
    name: 'api-wants-other-issuer',
    title: 'The API behind the MCP server takes tokens of another issuer',
    flavours: ['okta'],
    gateway: behind('api-other-issuer'),
    explain: inTheAnswer,
    doctor: ['api-wants-other-issuer'],
  },
  {
    name: 'api-wants-other-audience',
    title: 'The API behind the MCP server takes tokens for another audience',
    flavours: ['okta'],
    gateway: behind('api-other-audience'),
    explain: inTheAnswer,
    doctor: ['api-wants-other-audience'],
  },
  {
    name: 'api-wants-other-scope',
    title: 'The API behind the MCP server wants another scope',
    flavours: ['okta'],
    gateway: behind('api-other-scope'),
    explain: inTheAnswer,
    doctor: ['api-wants-scope'],
  },
  {
    name: 'api-down',
    title: 'The API behind the MCP server does not run',
    gateway: behind('api-down'),
    explain: inTheAnswer,
    doctor: ['api-down'],
  },
];

/** What can be wrong with the address clients know the gateway by. */
export const resourceFaults: readonly SharedFault[] = [
  {
    name: 'resource-url-path',
    title: 'The resource URL has another path than the server is mounted at',
    gateway: (lab) => ({ resourceUrl: `http://localhost:${lab.gatewayPort}/other` }),
    explain: { nothing: 'a caller who has a token is served' },
    doctor: ['wrong-path'],
  },
  {
    name: 'resource-url-slash',
    title: 'The resource URL has a slash at its end',
    gateway: (lab) => ({ resourceUrl: `http://localhost:${lab.gatewayPort}/mcp/` }),
    explain: { nothing: 'a caller who has a token is served' },
    doctor: ['wrong-path'],
  },
  {
    name: 'resource-url-other-host',
    title: 'The resource URL is on a host where something else answers',
    gateway: (lab) => ({ resourceUrl: `${lab.standIn.url}/other` }),
    explain: { nothing: 'a caller who has a token is served' },
    doctor: ['resource-metadata-missing'],
  },
  {
    name: 'host-not-configured',
    title: 'Clients call the gateway by a name it was not told',
    host: 'mcp.example.com',
    explain: ['host-not-configured'],
    doctor: { nothing: 'it asks by the resource URL, which is a good one' },
  },
];
