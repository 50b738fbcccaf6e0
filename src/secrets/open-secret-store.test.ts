import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { abandonLock } from '../../test/kit/abandon-lock.ts';
import { makeFolder } from '../../test/kit/config-input.ts';
import { Secret } from '../model/secret.ts';
import { UsherError } from '../model/usher-error.ts';
import { openSecretStore } from './open-secret-store.ts';

function start(context: TestContext, more: Readonly<Record<string, string>> = {}) {
  const folder = makeFolder(context);
  const environment = {
    HOME: folder,
    USHER_SECRETS_KEY: 'file',
    USHER_SECRETS_FILE: join(folder, 'data', 'secrets.json'),
    USHER_SECRETS_KEY_FILE: join(folder, 'keys', 'secrets.key'),
    ...more,
  };
  const open = (changes: Readonly<Record<string, string>> = {}) => openSecretStore({ ...environment, ...changes });
  return { folder, open, file: environment.USHER_SECRETS_FILE, keyFile: environment.USHER_SECRETS_KEY_FILE };
}

function troubleOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof UsherError);
    assert.equal(error.code, 'secret_store_unusable');
    return `${error.message} ${error.hint}`;
  }
  return '';
}

describe('a store whose key a file keeps', () => {
  test('what was put there – is there for the next process, and nowhere in the clear', async (context) => {
    const { open, file, keyFile } = start(context);
    await open().put('okta', new Secret('tops3cret'));
    assert.equal(open().find('okta')?.reveal(), 'tops3cret');
    const bytes = readFileSync(file, 'utf8') + readFileSync(keyFile, 'utf8');
    assert.ok(!bytes.includes('tops3cret') && !bytes.includes('okta'));
  });
  test('its files – are for their owner alone', async (context) => {
    const { open, file, keyFile } = start(context);
    await open().put('okta', new Secret('tops3cret'));
    for (const path of [file, keyFile]) assert.equal(statSync(path).mode & 0o777, 0o600, path);
    assert.equal(statSync(dirname(file)).mode & 0o777, 0o700);
  });
  test('looking at a store that is not there – makes nothing', async (context) => {
    const { open, file, keyFile } = start(context);
    const store = open();
    assert.deepEqual([store.find('a'), store.list(), await store.remove('a')], [undefined, [], false]);
    assert.equal(store.status().key, undefined);
    assert.ok(!existsSync(file) && !existsSync(keyFile));
  });
  test('a secret that is removed – is not there any more, the others are', async (context) => {
    const { open } = start(context);
    const store = open();
    await store.put('one', new Secret('1'));
    await store.put('other', new Secret('2'));
    assert.equal(await store.remove('one'), true);
    assert.deepEqual(
      open()
        .list()
        .map(({ name }) => name),
      ['other'],
    );
  });
  test('twenty who write at the same time – all of it is kept', async (context) => {
    const { open } = start(context);
    const names = Array.from({ length: 20 }, (_, index) => `name-${String(index).padStart(2, '0')}`);
    await Promise.all(names.map((name) => open().put(name, new Secret(name))));
    assert.deepEqual(
      open()
        .list()
        .map(({ name }) => name),
      names,
    );
  });
  test('a name such as constructor – is a name like others', async (context) => {
    const { open } = start(context);
    await open().put('one', new Secret('1'));
    assert.equal(open().find('constructor'), undefined);
    await open().put('constructor', new Secret('2'));
    assert.equal(open().find('constructor')?.reveal(), '2');
  });
});

describe('a store that is not as it was written', () => {
  const changes: readonly (readonly [string, (text: string) => string, RegExp])[] = [
    ['a bit of the secrets', (text) => flip(text), /the file was changed/],
    [
      'how the key is had',
      (text) => text.replace('"from":"file"', '"from":"keyring","id":"abcdefgh"'),
      /keyring|keychain/,
    ],
    ['cut off', (text) => text.slice(0, text.length / 2), /damaged/],
    ['empty', () => '', /damaged/],
    ['another program’s', () => '{"version":1}', /damaged/],
  ];
  for (const [name, change, wanted] of changes) {
    test(`${name} – is refused, not taken for empty, and not written over`, async (context) => {
      const { open, file } = start(context);
      await open().put('okta', new Secret('tops3cret'));
      writeFileSync(file, change(readFileSync(file, 'utf8')));
      const before = readFileSync(file, 'utf8');
      assert.match(
        troubleOf(() => open().find('okta')),
        wanted,
      );
      await assert.rejects(open().put('more', new Secret('x')), { code: 'secret_store_unusable' });
      assert.equal(readFileSync(file, 'utf8'), before);
    });
  }
  test('the key of another store – cannot open it', async (context) => {
    const [one, other] = [start(context), start(context)];
    await one.open().put('a', new Secret('1'));
    await other.open().put('a', new Secret('2'));
    writeFileSync(one.keyFile, readFileSync(other.keyFile));
    assert.match(
      troubleOf(() => one.open().find('a')),
      /key is that of another store/,
    );
  });
  test('without its key – says where the key should be, and makes no new one', async (context) => {
    const { open, keyFile } = start(context);
    await open().put('a', new Secret('1'));
    rmSync(keyFile);
    assert.ok(troubleOf(() => open().find('a')).includes(keyFile));
    await assert.rejects(open().put('b', new Secret('2')), { code: 'secret_store_unusable' });
    assert.ok(!existsSync(keyFile));
  });
  test('a key that others can read – is refused with what to do', async (context) => {
    const { open, keyFile } = start(context);
    await open().put('a', new Secret('1'));
    chmodSync(keyFile, 0o644);
    assert.match(
      troubleOf(() => open().find('a')),
      /can be read by other users.*chmod 600/,
    );
  });
});

describe('a store with a password', () => {
  const password = { USHER_SECRETS_KEY: 'password', USHER_SECRETS_PASSWORD: 'correct horse' };
  test('the same password – opens it; another does not, nor none', async (context) => {
    const { open, keyFile } = start(context, password);
    await open().put('a', new Secret('1'));
    assert.equal(open().find('a')?.reveal(), '1');
    assert.match(
      troubleOf(() => open({ USHER_SECRETS_PASSWORD: 'wrong' }).find('a')),
      /the password is wrong/,
    );
    assert.match(
      troubleOf(() => open({ USHER_SECRETS_PASSWORD: '' }).find('a')),
      /is locked: its password is not given/,
    );
    assert.ok(!existsSync(keyFile));
  });
  test('in a file – is the same without the line break', async (context) => {
    const { open, folder } = start(context, password);
    await open().put('a', new Secret('1'));
    const path = join(folder, 'password');
    writeFileSync(path, 'correct horse\n');
    const found = open({ USHER_SECRETS_PASSWORD: '', USHER_SECRETS_PASSWORD_FILE: path }).find('a');
    assert.equal(found?.reveal(), '1');
  });
  test('a file that makes guessing cheap – is not believed', async (context) => {
    const { open, file } = start(context, password);
    await open().put('a', new Secret('1'));
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"cost":131072', '"cost":1024'));
    assert.match(
      troubleOf(() => open().find('a')),
      /damaged/,
    );
    writeFileSync(file, text.replace('"cost":131072', '"cost":16384'));
    assert.match(
      troubleOf(() => open().find('a')),
      /the password is wrong, or the file was changed/,
    );
  });
});

test('a folder that cannot be made – one sentence with its path', async (context) => {
  const { folder, open } = start(context);
  writeFileSync(join(folder, 'a-file'), '');
  const path = join(folder, 'a-file', 'secrets.json');
  await assert.rejects(open({ USHER_SECRETS_FILE: path }).put('a', new Secret('1')), (error) => {
    assert.ok(error instanceof UsherError && error.code === 'secret_store_unusable' && error.message.includes(path));
    return true;
  });
});

test('a lock that a killed process left – is taken over', async (context) => {
  const { open, file } = start(context);
  mkdirSync(dirname(file), { recursive: true });
  await abandonLock(`${file}.lock`);
  await open().put('a', new Secret('1'));
  assert.equal(open().find('a')?.reveal(), '1');
});

test('a way to keep the key that does not exist – is refused with those that do', async (context) => {
  const { open } = start(context, { USHER_SECRETS_KEY: 'keyrng' });
  await assert.rejects(
    open().put('a', new Secret('1')),
    /expected one of password, keyring, file; did you mean keyring\?/,
  );
});

/** Changes one character of what is sealed. */
function flip(text: string): string {
  const at = text.indexOf('"sealed":"') + 60;
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
}
