import type { CommandRow } from '../command-module.ts';

const width = 17;

/** The first thing a newcomer sees: what Usher is, its commands, and where to begin. */
export function helpOverview(rows: readonly CommandRow[]): string {
  return [
    'Usher is an MCP gateway: it checks the caller’s token, swaps it for the back',
    'end’s for the same user, and keeps the proof.',
    '',
    'Usage: usher COMMAND [options]',
    '',
    'Commands:',
    ...rows.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    '',
    'Examples:',
    '  usher run --oidc-issuer https://example.okta.com/oauth2/aus1 \\',
    '    --oidc-audience mcpserver http://127.0.0.1:8001/mcp',
    '  usher serve -f usher.yaml',
    '',
    'Each command has its own --help (usher help COMMAND). Every flag of run and',
    'serve has a form in the environment and in a YAML file as well.',
  ].join('\n');
}

/** The commands that begin with one word. */
export function helpGroup(word: string, rows: readonly CommandRow[]): string {
  return [
    `Usage: usher ${word} COMMAND [options]`,
    '',
    'Commands:',
    ...rows.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    '',
    `Each has its own --help, for example usher ${rows[0]?.name ?? word} --help.`,
  ].join('\n');
}
