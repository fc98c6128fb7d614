import { describe, expect, it } from 'vitest'
import { checkFile } from './check-file.ts'

const check = (text: string) => checkFile('/p/holdfast.json', text)
const said = (text: string) =>
  check(text).problems.map(({ line, path, message, fix }) => `${line} ${path}: ${message} -> ${fix}`)

describe('a sound file', () => {
  it('may have comments and trailing commas, and gets its defaults', () => {
    const { entries, problems } = check(`\u{feff}{
      // people write comments
      "$schema": "./config.schema.json",
      "agents": { "writer": { "driver": "acp", "command": "codex-acp", "env": { "A": "1" } }, "gemini": { "driver": "tui" } },
      "mcpServers": {
        "files": { "command": "npx", "args": ["-y", "some-server"] },
        "web": { "url": "https://example.com/mcp" },
      },
      "services": { "bridge": { "command": "node", "ready": { "port": 7890 } } },
      "imports": ["claude", "cursor"],
    }`)
    expect(problems).toEqual([])
    expect(entries.agents['writer']).toMatchObject({ command: 'codex-acp', args: [], env: { A: '1' }, disabled: false })
    expect(entries.mcpServers['files']).toMatchObject({ lifecycle: 'keep-alive', sharing: 'auto' })
    expect(entries.mcpServers['web']).toMatchObject({ url: 'https://example.com/mcp' })
    expect(entries.services['bridge']).toMatchObject({ restart: 'transient', ready: { port: 7890 } })
    expect(entries.imports).toEqual(['claude', 'cursor'])
  })
})

describe('a wrong entry', () => {
  it('is named with line, path, value and fix, and costs only itself', () => {
    const { entries, problems } = check(`{
  "agents": {
    "good": { "command": "a" },
    "bad": {
      "command": "b",
      "args": "one two"
    }
  }
}`)
    expect(Object.keys(entries.agents)).toEqual(['good'])
    expect(problems).toEqual([
      {
        file: '/p/holdfast.json',
        line: 6,
        path: 'agents.bad.args',
        message: '"agents.bad.args" must be a list, not "one two"',
        fix: 'Correct the value.',
      },
    ])
  })

  it.each([
    ['{"agent": {}}', '1 agent: "agent" is not known; did you mean "agents"?'],
    [
      '{\n"agents": {"a": {"comand": "x"}}}',
      '2 agents.a.comand: "agents.a.comand" is not known; did you mean "command"?',
    ],
    [
      '{"agents": {"a": {"driver": "apc"}}}',
      '1 agents.a.driver: "agents.a.driver" cannot be "apc"; did you mean "acp"?',
    ],
    ['{"mcpServers": {"a": {"args": []}}}', '1 mcpServers.a.command: "mcpServers.a.command" is missing'],
    ['{"mcpServers": {"a": {"command": ""}}}', '"mcpServers.a.command" is "": must not be empty'],
    ['{"mcpServers": {"a": {"url": "ftp://x"}}}', 'must begin with http:// or https://'],
    ['{"services": {"a": {"command": "x", "ready": {"port": 70000}}}}', 'services.a.ready.port'],
    ['{"services": {"a": {"command": "x", "ready": {"prot": 7}}}}', '"services.a.ready.prot" is not known'],
    ['{"imports": ["claud"]}', 'imports[0]: "imports[0]" cannot be "claud"; did you mean "claude"?'],
    ['{"agents": []}', '1 agents: "agents" must be an object of named entries, not []'],
    ['{"agents": {"../x": {}}}', '"agents.../x" has a name that is not allowed'],
    ['{"agents": {"a": {"env": {"1A": "x"}}}}', 'is not the name of an environment variable'],
    ['{"agents": {"a": {"env": {"A": 1}}}}', '"agents.a.env.A" must be a string, not 1'],
    ['{"agents": {"a": null}}', '"agents.a" must be an object, not null'],
    ['[1]', 'the file must be an object, not [1]'],
    ['{"pid":1}', '"pid" is not known'],
  ])('%s', (text, message) => {
    const all = said(text)
    expect(all).toHaveLength(1)
    expect(all[0]).toContain(message)
  })

  it.each([
    ['', '1 : the file is empty'],
    ['{', 'not valid JSON'],
    ['{\n  "agents": {\n    "a": {"command": "x"', '3 : not valid JSON'],
    ['{"agents": }', 'value expected'],
    ['\0\0\0\0', 'not valid JSON'],
    ['{"a":1}{"b":2}', 'not valid JSON'],
  ])('a torn or foreign file (%j) is a problem with a line, and configures nothing', (text, message) => {
    const { entries, problems } = check(text)
    expect(`${problems[0]?.line} ${problems[0]?.path}: ${problems[0]?.message}`).toContain(message)
    expect(entries).toMatchObject({ agents: {}, mcpServers: {} })
  })

  it('a key that stands twice is named with its second line', () => {
    expect(said('{"agents": {\n"a": {"command": "x"},\n"a": {"command": "y"}}}')).toEqual([
      '3 agents.a: "agents.a" is given twice -> Remove one of the two.',
    ])
  })

  it('a name that objects have by nature is an ordinary name', () => {
    const { entries, problems } = check('{"agents": {"constructor": {"command": "x"}, "toString": {"command": "y"}}}')
    expect(problems).toEqual([])
    expect(Object.keys(entries.agents)).toEqual(['constructor', 'toString'])
    expect(check('{"agents": {"__proto__": {"command": "x"}}}').problems).toHaveLength(1)
  })
})
