import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectLog } from '../../../test/kit/collect-log.ts';
import { skipWithoutRedis, startRedis } from '../../../test/kit/start-redis.ts';
import { until } from '../../../test/kit/until.ts';
import { Secret } from '../../model/secret.ts';
import { redisSchema } from './schema.ts';
import { startRedisStore } from './start-redis-store.ts';

test(
  'a server that is down, and then back with another password – each reason is said, and once',
  { skip: skipWithoutRedis },
  async () => {
    await using redis = await startRedis();
    await redis.kill();
    const { log, logged } = collectLog();
    const key = new Secret('k'.repeat(40));
    const settings = redisSchema.parse({ url: redis.url, password: new Secret('another-password'), key });
    await using _ = await startRedisStore(settings, { log, ca: undefined });
    const about = (words: RegExp) => logged.filter((line) => words.test(line)).length;
    assert.equal(about(/connection refused/), 1);
    await redis.start();
    await until(() => about(/now because: .*(?:WRONGPASS|password)/i) > 0);
    await redis.kill();
    await redis.start();
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    assert.deepEqual([about(/connection refused/), about(/WRONGPASS|password/i)], [1, 1], logged.join('\n'));
  },
);
