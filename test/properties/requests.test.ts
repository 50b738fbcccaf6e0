import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { check as checkAuthorization } from '../fuzz/targets/authorization.ts';
import { checkDown, checkUp } from '../fuzz/targets/headers.ts';
import { check as checkCall } from '../fuzz/targets/read-call.ts';
import { anyJson, anyText, headerLines, headerName, headerValue, property } from '../kit/property.ts';

const token = fc.stringMatching(/^[A-Za-z0-9._~+/-]{3,30}=?$/);
const scheme = fc.constantFrom('Bearer', 'bearer', 'BEARER', 'bEARER');

property(
  'Authorization – one bearer token among other headers – found, whatever the case and the blanks',
  fc.tuple(scheme, token, fc.constantFrom(' ', '  ', '   '), headerLines),
  async ([name, text, blanks, lines]) => {
    const others = lines.flatMap((line, index) =>
      index % 2 === 0 && line.toLowerCase() !== 'authorization' ? [line, lines[index + 1] ?? ''] : [],
    );
    const found = await checkAuthorization([...others, 'AUTHORIZATION', `${name}${blanks}${text}`], '');
    assert.equal(found, text);
  },
);
property(
  'Authorization – any header lines and any query – at most the one token there is',
  fc.tuple(
    headerLines,
    fc.oneof(
      fc.webQueryParameters().map((query) => `?${query}`),
      fc.constant(''),
    ),
  ),
  async ([lines, query]) => void (await checkAuthorization(lines, query)),
);
property(
  'Authorization – a token that stands in the query as well – refused, however it is encoded',
  fc.tuple(token, fc.stringMatching(/^[a-z]{1,8}$/), anyText),
  async ([text, name, around]) => {
    const plain = new URLSearchParams([[name, around.toWellFormed() + text]]).toString();
    const encoded = [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
    for (const query of [`?${plain}`, `?a=b&${name}=${encoded}`, `?${encoded}=1`, `?access_token=x`]) {
      assert.equal(await checkAuthorization(['authorization', `Bearer ${text}`], query), undefined, query);
    }
  },
);

property('headers that go upstream – any lines – the allow-list, and our credential last', headerLines, checkUp);
property(
  'headers that come down – any record – what is about another connection, origin or token stays behind',
  fc.dictionary(
    headerName.map((name) => name.toLowerCase()),
    fc.oneof(headerValue, fc.array(headerValue, { minLength: 1, maxLength: 3 })),
    {
      noNullPrototype: false,
    },
  ),
  checkDown,
);

const id = fc.oneof(fc.integer(), anyText, fc.constantFrom(null, undefined), anyJson);
const message = fc.record(
  {
    jsonrpc: fc.oneof({ weight: 9, arbitrary: fc.constant('2.0') }, { weight: 1, arbitrary: anyJson }),
    id,
    method: fc.oneof({ weight: 3, arbitrary: fc.constantFrom('tools/call', 'ping', undefined) }, anyJson),
    params: fc.oneof(anyJson, fc.record({ name: fc.oneof(anyText, anyJson), uri: anyJson }, { requiredKeys: [] })),
    result: anyJson,
  },
  { requiredKeys: ['jsonrpc'] },
);
property(
  'a call – messages with parts that are anything, alone or in a batch – read as the one behind reads it, or refused',
  fc.oneof(message, fc.array(message, { maxLength: 4 })),
  async (value) => void (await checkCall(Buffer.from(JSON.stringify(value)))),
  500,
);
property(
  'a call – any JSON – refused, or read as it is',
  anyJson,
  async (value) => void (await checkCall(Buffer.from(JSON.stringify(value)))),
);
property(
  'a call – any bytes – refused, or read as they are',
  fc.uint8Array({ maxLength: 200 }),
  async (bytes) => void (await checkCall(Buffer.from(bytes))),
);
