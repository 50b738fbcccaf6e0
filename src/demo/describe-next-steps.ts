import { styleText } from 'node:util';
import type { Lab } from './start-lab.ts';

/** How to connect a client of one's own to the running demo. */
export function describeNextSteps(lab: Lab): string {
  const vscode = lab.idp.apps.find((app) => app.clientId === 'vscode');
  const [user] = lab.idp.users;
  const servers = JSON.stringify({
    servers: { countries: { type: 'http', url: lab.mcpUrl, oauth: { clientId: 'vscode' } } },
  });
  return [
    bold('Connect a client of yours'),
    `  Sign in as ${user?.login ?? '?'} with the password ${JSON.stringify(user?.password ?? '?')}.`,
    '',
    `  ${bold('VS Code')}        put this into .vscode/mcp.json and press Start; client secret: ${vscode?.clientSecret ?? '(none)'}`,
    `                 ${servers}`,
    `  ${bold('MCP Inspector')}  npx @modelcontextprotocol/inspector@2 --cli ${lab.mcpUrl} --transport http --method tools/list`,
    `  ${bold('curl')}           curl -i ${lab.mcpUrl} -H 'content-type: application/json' -d '{"jsonrpc":"2.0","id":1,"method":"tools/list"}'`,
    '                 answers 401 and says where to sign in',
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
