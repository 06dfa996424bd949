import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffEdit } from '../../../src-main/gateway/hosts/diff.ts';
import { setEntry } from '../../../src-main/gateway/hosts/json-edit.ts';

const diff = (text: string | null): string =>
  diffEdit('/c.json', text, setEntry(text ?? '', ['mcpServers', 'nucleus'], { command: 'n' }));

test('a new file is shown as one', () => {
  assert.equal(
    diff(null),
    '--- /dev/null\n+++ /c.json\n@@ -0,0 +1,7 @@\n+{\n+  "mcpServers": {\n+    "nucleus": {\n+      "command": "n"\n+    }\n+  }\n+}\n',
  );
});

test('lines of ours are shown with their place and without the neighbours', () => {
  assert.equal(
    diff('{\n  "mcpServers": {\n    "fs": {\n      "command": "x"\n    }\n  }\n}\n'),
    '--- /c.json\n+++ /c.json\n@@ -2,0 +3,3 @@\n+    "nucleus": {\n+      "command": "n"\n+    },\n',
  );
});

test('a replaced value shows what goes and what comes', () => {
  assert.equal(
    diff('{\r\n  "mcpServers": {\r\n    "nucleus": {"command": "old"}\r\n  }\r\n}\r\n'),
    '--- /c.json\n+++ /c.json\n@@ -3,1 +3,3 @@\n-    "nucleus": {"command": "old"}\n+    "nucleus": {\n+      "command": "n"\n+    }\n',
  );
});

test('an empty section opens', () => {
  assert.equal(
    diff('{\n  "mcpServers": {},\n  "a": 1\n}\n'),
    '--- /c.json\n+++ /c.json\n@@ -2,1 +2,5 @@\n-  "mcpServers": {},\n+  "mcpServers": {\n+    "nucleus": {\n+      "command": "n"\n+    }\n+  },\n',
  );
});

test('a secret of a neighbour on the same line is not shown', () => {
  const shown = diff('{"key":"secret-1","mcpServers":{"gh":{"env":{"TOKEN":"secret-2"}}}}');
  assert.equal(shown, '--- /c.json\n+++ /c.json\n@@ -1,1 +1,1 @@\n-……\n+…"nucleus":{"command":"n"},…\n');
});
