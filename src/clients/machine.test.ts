import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Platform } from './client.ts';
import { clientTable } from './client-table.ts';
import { choiceFile, expandPath, findClientFile, ledgerFile, type Machine } from './machine.ts';

const linux: Machine = { platform: 'linux', home: '/home/mia', folder: '/work', environment: {} };
const darwin: Machine = { platform: 'darwin', home: '/Users/mia', folder: '/work', environment: {} };
const win32: Machine = {
  platform: 'win32',
  home: String.raw`C:\Users\mia`,
  folder: String.raw`C:\work`,
  environment: { APPDATA: String.raw`D:\Roaming`, LOCALAPPDATA: String.raw`D:\Local` },
};

const expected: Readonly<Record<string, Partial<Record<Platform, string>>>> = {
  vscode: {
    linux: '/home/mia/.config/Code/User/mcp.json',
    darwin: '/Users/mia/Library/Application Support/Code/User/mcp.json',
    win32: String.raw`D:\Roaming\Code\User\mcp.json`,
  },
  'vscode-workspace': {
    linux: '/work/.vscode/mcp.json',
    darwin: '/work/.vscode/mcp.json',
    win32: String.raw`C:\work\.vscode\mcp.json`,
  },
  'claude-code': {
    linux: '/home/mia/.claude.json',
    darwin: '/Users/mia/.claude.json',
    win32: String.raw`C:\Users\mia\.claude.json`,
  },
  'claude-desktop': {
    linux: '/home/mia/.config/Claude/claude_desktop_config.json',
    darwin: '/Users/mia/Library/Application Support/Claude/claude_desktop_config.json',
    win32: String.raw`D:\Roaming\Claude\claude_desktop_config.json`,
  },
  zed: {
    linux: '/home/mia/.config/zed/settings.json',
    darwin: '/Users/mia/.config/zed/settings.json',
    win32: String.raw`D:\Roaming\Zed\settings.json`,
  },
  goose: {
    linux: '/home/mia/.config/goose/config.yaml',
    darwin: '/Users/mia/.config/goose/config.yaml',
    win32: String.raw`D:\Roaming\Block\goose\config\config.yaml`,
  },
  codex: {
    linux: '/home/mia/.codex/config.toml',
    darwin: '/Users/mia/.codex/config.toml',
    win32: String.raw`C:\Users\mia\.codex\config.toml`,
  },
};

for (const machine of [linux, darwin, win32]) {
  test(`paths – ${machine.platform} – the files vendors document`, () => {
    const found = Object.keys(expected).map((id) => {
      const client = clientTable.find((row) => row.id === id);
      return [id, client === undefined ? undefined : findClientFile(client, machine)];
    });
    assert.deepEqual(
      found,
      Object.entries(expected).map(([id, files]) => [id, files[machine.platform]]),
    );
  });
}

test('paths – folders moved by the environment – followed', () => {
  const environment = { XDG_CONFIG_HOME: '/etc/mia', CODEX_HOME: '/opt/codex', CLAUDE_CONFIG_DIR: '/opt/claude' };
  const files = ['vscode', 'codex', 'claude-code'].map((id) => {
    const client = clientTable.find((row) => row.id === id);
    return client === undefined ? undefined : findClientFile(client, { ...linux, environment });
  });
  assert.deepEqual(files, ['/etc/mia/Code/User/mcp.json', '/opt/codex/config.toml', '/opt/claude/.claude.json']);
});

test('paths – folders of the environment that are no absolute paths – not followed (XDG Base Directory Specification)', () => {
  assert.equal(
    expandPath('$XDG_CONFIG_HOME/x', { ...linux, environment: { XDG_CONFIG_HOME: 'here' } }),
    '/home/mia/.config/x',
  );
  assert.equal(
    expandPath('$XDG_CONFIG_HOME/x', { ...linux, environment: { XDG_CONFIG_HOME: '' } }),
    '/home/mia/.config/x',
  );
});

test('paths – APPDATA set elsewhere than on Windows – nothing to do with us', () => {
  assert.equal(expandPath('$APPDATA/x', { ...linux, environment: { APPDATA: '/wine' } }), '/home/mia/.config/x');
});

test('paths – what Usher keeps itself – state and configuration, each in its place', () => {
  assert.deepEqual(
    [linux, win32].map((machine) => [ledgerFile(machine), choiceFile(machine)]),
    [
      ['/home/mia/.local/state/usher/clients.json', '/home/mia/.config/usher/clients.json'],
      [String.raw`D:\Local\usher\clients.json`, String.raw`D:\Roaming\usher\clients.json`],
    ],
  );
});
