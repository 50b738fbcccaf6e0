import { styleText } from 'node:util';
import type { TokenClaims } from '../model/caller.ts';
import type { Story } from './tell-story.ts';

/** The story for a person: both tokens side by side, what the API logged, what the audit trail has. */
export function describeStory(story: Story): string {
  const { caller, seenByApi, record, refused } = story;
  return [
    '',
    heading('The same user, two tokens'),
    table([
      ['', 'the client holds', 'the API was given'],
      ...(['iss', 'aud', 'scp', 'sub', 'clientId', 'jti', 'exp'] as const).map((claim) => [
        claim === 'clientId' ? 'cid' : claim,
        show(caller, claim),
        show(seenByApi, claim),
      ]),
    ]),
    '',
    heading('What the API logged'),
    `  ${story.apiLine}`,
    '',
    heading('What the audit trail has for this call'),
    indent(JSON.stringify(record, undefined, 2)),
    '',
    heading('And for the call with the wrong token'),
    `  ${refused.record.decision} at ${refused.record.stage ?? '?'}: ${refused.record.reason}`,
    `  ${dim(refused.record.hint ?? '')}`,
    '',
  ].join('\n');
}

function show(claims: TokenClaims, claim: keyof TokenClaims): string {
  const value = claims[claim];
  if (claim === 'exp' && typeof value === 'number') return new Date(value * 1000).toISOString();
  return Array.isArray(value) ? value.join(' ') : String(value ?? '–');
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row, index) => {
      const line = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ');
      return `  ${index === 0 ? dim(line) : line}`.trimEnd();
    })
    .join('\n');
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}

function heading(text: string): string {
  return styleText('bold', text, { stream: process.stdout });
}

function dim(text: string): string {
  return styleText('dim', text, { stream: process.stdout });
}
