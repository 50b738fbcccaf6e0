import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { answerError, startExchangeLab, words, type ExchangeAnswer } from '../kit/start-exchange-lab.ts';

/** A token endpoint that does not work, or does not want to be asked: the caller keeps its token and is told when to come
 * back, and the provider is asked less than before.
 */
const at = await startExchangeLab();
after(() => at[Symbol.asyncDispose]());
/** With little patience, for answers that do not come. */
const hasty = await startExchangeLab(0.5);
after(() => hasty[Symbol.asyncDispose]());

describe('the provider is not well', () => {
  at.refuses(
    [
      ['500', answerError(500, 'server_error'), 'exchange_unavailable', /status 500/],
      ['a web page with 503', (_, response) => void response.writeHead(503).end(words), 'exchange_unavailable'],
      ['a reset', (_, response) => void response.destroy(), 'exchange_unavailable', /connection closed/],
    ],
    2,
  );
  at.refuses([
    ['429', answerError(429, 'rate_limited'), 'exchange_unavailable', /status 429 rate_limited/],
    ['bytes that are no HTTP', (_, response) => void response.socket?.end(`${words}\r\n\r\n`), 'exchange_unavailable'],
    [
      'half an answer',
      (_, response) => {
        response.writeHead(200, { 'content-length': '1000' }).write('{"access_token"');
        setImmediate(() => response.destroy());
      },
      'exchange_unavailable',
    ],
    [
      'an answer without end',
      (_, response) => {
        response.writeHead(200);
        const more = () => {
          while (!response.destroyed && response.write('x'.repeat(64 * 1024)));
        };
        response.on('drain', more);
        more();
      },
      'exchange_unavailable',
      /too large/,
    ],
    [
      'a head without end',
      (_, response) => {
        response.socket?.write(`HTTP/1.1 200 OK\r\nx-long: ${'x'.repeat(64 * 1024)}`);
      },
      'exchange_unavailable',
      /too many headers/,
    ],
  ]);

  /** One byte after the other, for ever. */
  const drip = (start: string): ExchangeAnswer => {
    return (_, { socket }) => {
      socket?.write(start);
      const timer = setInterval(() => socket?.write('x'), 20);
      socket?.on('close', () => clearInterval(timer));
      socket?.on('error', () => {});
    };
  };
  const late = /no answer within \d+ ms/;
  hasty.refuses([
    ['no answer in time', () => {}, 'exchange_unavailable', late],
    [
      'a head and then nothing',
      (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
      'exchange_unavailable',
      late,
    ],
    ['a body that drips', drip('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n'), 'exchange_unavailable', late],
    ['a head that drips', drip('HTTP/1.1 200 OK\r\nx-drip: '), 'exchange_unavailable', late],
  ]);

  for (const [header, seconds] of [
    ['17', '17'],
    ['0', '1'],
    ['999999', '3600'],
    ['soon', '2'],
  ] as const) {
    test(`429 with Retry-After ${header} – the caller is told ${seconds} s`, async () => {
      const answer = answerError(429, 'slow_down', { 'retry-after': header });
      const { headers } = await at.answering(answer, () => at.assertRefused(at.newToken(), 'exchange_unavailable', 1));
      at.pass(60_000);
      assert.equal(headers.get('retry-after'), seconds);
    });
  }

  test('Retry-After – until then nobody asks the provider, and everybody is told how long it is', async () => {
    const answer = answerError(503, 'busy', { 'retry-after': '30' });
    await at.answering(answer, () => at.assertRefused(at.newToken(), 'exchange_unavailable', 1));
    at.pass(10_000);
    const { headers } = await at.assertRefused(at.newToken(), 'exchange_unavailable', 0);
    assert.ok(Number(headers.get('retry-after')) <= 20);
    at.pass(20_000);
    assert.equal((await at.call(at.newToken())).status, 200);
  });

  test('one failure after the other – soon nobody asks it, and one call finds out that it is well again', async () => {
    await at.answering(answerError(500, 'server_error'), async () => {
      let refused = 0;
      for (; refused < 10; refused += 1) await (await at.call(at.newToken())).text();
      const { headers } = await at.assertRefused(at.newToken(), 'exchange_unavailable', 0);
      assert.ok(Number(headers.get('retry-after')) <= 2);
    });
    at.pass(2_000);
    assert.equal((await at.call(at.newToken())).status, 200);
    assert.equal((await at.call(at.newToken())).status, 200);
  });
});

describe('a client that calls in a loop with a token the provider refuses', () => {
  for (const [refusal, code] of [
    ['invalid_grant', 'exchange_subject_refused'],
    ['access_denied', 'exchange_denied'],
  ] as const) {
    test(`${refusal} – one request to the provider for 20 calls, each refused alike`, async () => {
      const token = at.newToken();
      await at.answering(answerError(400, refusal), () => at.assertRefused(token, code, 1));
      for (let again = 0; again < 19; again += 1) await at.assertRefused(token, code, 0);
      assert.equal((await at.call(at.newToken())).status, 200, 'another token of the same user');
    });
  }
});
