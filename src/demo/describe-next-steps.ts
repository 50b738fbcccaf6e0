import { styleText } from 'node:util';
import type { Lab } from './start-lab.ts';

/** How to connect a client of one's own to the running demo. */
export function describeNextSteps(lab: Lab, tokenFile: string): string {
  const [user] = lab.idp.users;
  const servers = JSON.stringify({ servers: { countries: { type: 'http', url: lab.mcpUrl } } });
  return [
    bold('Connect a client of yours'),
    `  Sign in as ${user?.login ?? '?'} with the password ${JSON.stringify(user?.password ?? '?')}.`,
    '',
    `  ${bold('VS Code')}        put this into .vscode/mcp.json, press Start and allow the sign-in`,
    `                 ${servers}`,
    `  ${bold('MCP Inspector')}  npx @modelcontextprotocol/inspector@2 --cli ${lab.mcpUrl} --transport http \\`,
    `                   --method tools/call --tool-name GetCountry --tool-arg code=SE --header "Authorization: Bearer $(cat ${tokenFile})"`,
    `  ${bold('curl')}           curl ${lab.mcpUrl} -H "Authorization: Bearer $(cat ${tokenFile})" -H 'Content-Type: application/json' \\`,
    `                   -H 'Accept: application/json, text/event-stream' -d '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'`,
    '                 Without the token it answers 401 and says where to sign in.',
    '',
    `  Provider    ${lab.idp.httpUrl}  (its certificate authority: ${lab.idp.caFile})`,
    `  Audit trail ${lab.auditFile}`,
    '',
    'Press Ctrl-C to stop everything.',
    '',
  ].join('\n');
}

function bold(text: string): string {
  return styleText('bold', text, { stream: process.stdout });
}
