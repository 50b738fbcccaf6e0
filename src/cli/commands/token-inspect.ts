import { type Command, Option } from 'commander';
import { quote } from '../../config/quote.ts';
import { reportUsage } from '../../config/report.ts';
import type { Problem } from '../../config/source.ts';
import { type JwtParts, parseJwtParts } from '../../lib/jwt-parts.ts';
import { fail } from '../../model/usher-error.ts';
import { buildCommand, collect, textsOf } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { describeToken } from '../token/describe-token.ts';
import { print, warn } from '../print.ts';
import { readToken } from '../token/read-token.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

const options: readonly (readonly [string, string])[] = [
  ['--issuer <URL>', 'Verify it: issuer it must be of, whose keys are discovered'],
  ['--jwks-url <URL>', 'Verify it with the keys published here'],
  ['--audience <AUDIENCE>', 'Verify that it is meant for this audience'],
  ['--ca-file <PATH>', 'PEM file of certificate authorities to trust beside the system’s'],
];

/** `usher token inspect [TOKEN|-]` */
export const tokenInspectCommand: CommandModule = {
  build() {
    const command = buildCommand('usher token inspect', {
      summary: 'Shows what is in a token (JWT), and verifies it when an issuer is given. Never prints the signature.',
      usage: '[options] [TOKEN|-]',
      examples: [
        '# From stdin; it reads USHER_TOKEN too\npbpaste | usher token inspect',
        'usher token inspect --issuer https://example.okta.com/oauth2/aus1 < token.txt',
      ],
    });
    for (const [flags, help] of options) {
      command.addOption(new Option(flags, help).argParser(collect).helpGroup('Verification:'));
    }
    return command.addOption(new Option('--debug', 'Show the stack of errors').helpGroup('Configuration:'));
  },
  async execute(command, { tail, environment }) {
    const { operands, problems } = sortLeftovers(command);
    const tooMany = operands.length > 1 || tail !== undefined;
    const all = [
      ...problems,
      ...(tooMany ? [{ where: 'arguments', what: 'are too many: expected one TOKEN' }] : []),
      ...checkOptions(command),
    ];
    if (all.length > 0) throw reportUsage(all);
    const token = await readToken(operands[0], environment);
    const { lines, warnings } = describeToken(parse(token), Date.now() / 1000);
    const [issuer, jwksUrl, audience, caFile] = valuesOf(command);
    const isVerifying = issuer !== undefined || jwksUrl !== undefined;
    print(lines.join('\n'));
    if (!isVerifying)
      print('\nNot verified: anybody could have written this. Give --issuer or --jwks-url to verify it.');
    for (const warning of warnings) warn(warning);
    if (!isVerifying) return 0;
    const { verifyToken } = await import('../token/verify-token.ts');
    print(`\n${await verifyToken(token, { issuer, jwksUrl, audience, caFile })}`);
    return 0;
  },
};

function valuesOf(command: Command): (string | undefined)[] {
  return ['issuer', 'jwksUrl', 'audience', 'caFile'].map((name) => textsOf(command, name)[0]);
}

function checkOptions(command: Command): Problem[] {
  const [issuer, jwksUrl, audience] = valuesOf(command);
  const problems: Problem[] = ['issuer', 'jwksUrl', 'audience', 'caFile'].flatMap((name) =>
    textsOf(command, name).length > 1
      ? [{ where: `--${name === 'jwksUrl' ? 'jwks-url' : name}`, what: 'is given twice' }]
      : [],
  );
  for (const [where, value] of [
    ['--issuer', issuer],
    ['--jwks-url', jwksUrl],
  ] as const) {
    if (value !== undefined && (!URL.canParse(value) || !/^https?:\/\//i.test(value))) {
      problems.push({ where, what: `is ${quote(value)}, expected an http or https URL` });
    }
  }
  if (audience !== undefined && issuer === undefined && jwksUrl === undefined) {
    problems.push({ where: '--audience', what: 'is given without --issuer or --jwks-url; nothing would be verified' });
  }
  return problems;
}

function parse(token: string): JwtParts {
  try {
    return parseJwtParts(token);
  } catch (cause) {
    throw fail('token_unreadable', { reason: cause instanceof Error ? cause.message : 'it is no JWT' }, { cause });
  }
}
