import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'jsonc-parser';

/** Settings as people have them: with comments, their own order, commas at the end, line ends of Windows. */
const settings = {
  '.config/Code/User/mcp.json':
    '{\n\t// What I use every day\n\t"servers": {\n\t\t"mine": { "command": "mine" }, // keep\n\t},\n}\n',
  '.codex/config.toml': 'model = "gpt-5" # mine\r\n',
};

/** The MCP clients of a home: VS Code and Codex, each with settings of its own. */
export interface TestClients {
  /** Where VS Code's are. */
  readonly vscode: string;
  readonly codex: string;
  /** What VS Code reads of a server; undefined when it has none of this name. */
  inVsCode(name: string): Readonly<Record<string, unknown>> | undefined;
  /** The text of Codex's. */
  codexText(): string;
  /** Both are as they were, with nothing beside them. */
  assertAsBefore(): void;
}

/** Makes them. */
export function makeClients(home: string): TestClients {
  for (const [path, text] of Object.entries(settings)) {
    mkdirSync(join(home, dirname(path)), { recursive: true });
    writeFileSync(join(home, path), text, { mode: 0o644 });
  }
  const [vscode, codex] = [join(home, '.config/Code/User/mcp.json'), join(home, '.codex/config.toml')];
  return {
    vscode,
    codex,
    inVsCode(name) {
      const read = parse(readFileSync(vscode, 'utf8')) as { servers: Record<string, Record<string, unknown>> };
      return read.servers[name];
    },
    codexText: () => readFileSync(codex, 'utf8'),
    assertAsBefore() {
      for (const [path, text] of Object.entries(settings)) {
        assert.equal(readFileSync(join(home, path), 'utf8'), text);
        assert.equal(statSync(join(home, path)).mode & 0o777, 0o644);
        assert.equal(readdirSync(join(home, dirname(path))).length, 1);
      }
    },
  };
}
