import { styleText } from 'node:util';
import type { TokenClaims } from '../model/caller.ts';
import { layOutJson } from './lay-out-json.ts';
import type { Story } from './tell-story.ts';
import { wrapText } from './wrap-text.ts';

type Row = readonly [name: string, client: string, api: string];

/** The story for a person: both tokens side by side, what the API logged, what the audit trail has.
 * @param columns width of the terminal; where two tokens do not fit side by side they stand below each other
 */
export function describeStory(story: Story, columns: number): string {
  const { caller, seenByApi, record, refused, bound } = story;
  const claims = (['iss', 'aud', 'scp', 'sub', 'clientId', 'jti', 'exp'] as const).map((claim): Row => [
    claim === 'clientId' ? 'cid' : claim,
    show(caller, claim),
    show(seenByApi, claim),
  ]);
  const keys: readonly Row[] = bound === undefined ? [] : [['key', bound.callerKey, bound.gatewayKey]];
  const json = (value: unknown) => indent(layOutJson(value, columns - 2));
  const text = (words: string) => wrapText(words, columns - 2);
  return [
    '',
    heading('The same user, two tokens'),
    compare([...claims, ...keys], columns),
    '',
    heading('What the API logged'),
    json(JSON.parse(story.apiLine)),
    '',
    heading('What the audit trail has for this call'),
    json(record),
    '',
    heading('And for the call with the wrong token'),
    ...text(`${refused.record.decision} at ${refused.record.stage ?? '?'}: ${refused.record.reason}`).map(indent),
    ...text(refused.record.hint ?? '').map((line) => indent(dim(line))),
    '',
    '',
  ].join('\n');
}

function show(claims: TokenClaims, claim: keyof TokenClaims): string {
  const value = claims[claim];
  if (claim === 'exp' && typeof value === 'number') return new Date(value * 1000).toISOString();
  return Array.isArray(value) ? value.join(' ') : String(value ?? '–');
}

function compare(claims: readonly Row[], columns: number): string {
  const rows: readonly Row[] = [['', 'the client holds', 'the API was given'], ...claims];
  const [names, clients, apis] = [widest(rows, 0), widest(rows, 1), widest(rows, 2)];
  if (names + clients + apis + 8 > columns) {
    return claims
      .flatMap(([name, client, api]) => [
        `  ${name.padEnd(names)}  ${dim('client')}  ${client}`,
        `  ${' '.repeat(names)}  ${dim('API   ')}  ${api}`,
      ])
      .join('\n');
  }
  return rows
    .map(([name, client, api], index) => {
      const line = `  ${name.padEnd(names)}   ${client.padEnd(clients)}   ${api}`;
      return index === 0 ? dim(line) : line;
    })
    .join('\n');
}

function widest(rows: readonly Row[], column: 0 | 1 | 2): number {
  return Math.max(...rows.map((row) => row[column].length));
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
