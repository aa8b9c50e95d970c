/** Everything in docs/deploy is read here: what is not read gets stale. */
import { execFile, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PacketType } from '@pennyswitch/ilp-packet';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { checkConfig, loadConfig } from '../src/config/load.js';
import { nodeConfigSchema } from '../src/config/schema.js';
import { freePorts } from '../src/demo/free-ports.js';
import { testSettlementConfig } from '../src/test-settlement/config.js';
import { startTestSettlement } from '../src/test-settlement/server.js';
import { linked, send, startNode } from './running-node.js';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));
const DEPLOY = join(REPOSITORY, 'docs/deploy');
const folder = mkdtempSync(join(tmpdir(), 'pennyswitch-deploy-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const read = (file: string): string => readFileSync(join(DEPLOY, file), 'utf8');
const readYaml = (file: string): Record<string, unknown> =>
  parse(read(file), { merge: true }) as Record<string, unknown>;

/** `NAME=value` lines. */
function readEnv(text: string): Record<string, string> {
  const lines = text.split('\n').filter((line) => /^[A-Z_0-9]+=/.test(line));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** All files of docs/deploy. */
function filesOf(path = DEPLOY): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? filesOf(join(path, entry.name))
      : [relative(DEPLOY, join(path, entry.name))],
  );
}

const NODES = ['systemd/node.yaml', 'compose/a.yaml', 'compose/b.yaml'];
const SECRET = '0123456789abcdef01234567';
const ROUTING_SECRET = Buffer.alloc(32, 7).toString('base64');

/** An environment with every name that a file asks for. */
function environmentFor(file: string): NodeJS.ProcessEnv {
  const text = read(file).replace(/^#.*$/gm, '');
  const names = [...text.matchAll(/\$\{([A-Z_0-9]+)\}/g)].map(([, name]) => name ?? '');
  return Object.fromEntries(
    names.map((name) => [name, name === 'ROUTING_SECRET' ? ROUTING_SECRET : `${SECRET}${name}`]),
  );
}

describe('a configuration in docs/deploy', () => {
  it('is one of those that are checked here', () => {
    const others = ['compose/compose.yaml', 'compose/settlement.yaml'];
    expect(
      filesOf()
        .filter((file) => file.endsWith('.yaml'))
        .toSorted(),
    ).toEqual([...NODES, ...others].toSorted());
  });

  it.each(NODES)('%s is what the program and its published schema take', (file) => {
    const env = environmentFor(file);
    const config = loadConfig(join(DEPLOY, file), nodeConfigSchema, { env });
    expect(Object.keys(config.accounts)).toHaveLength(2);
    const schema = JSON.parse(
      readFileSync(new URL('../schema/node-config.schema.json', import.meta.url), 'utf8'),
    ) as object;
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);
    validate(fill(readYaml(file), env));
    expect(validate.errors).toBeNull();
  });

  it.each(NODES)('%s has no secret, and a limit for whoever may owe it something', (file) => {
    const config = loadConfig(join(DEPLOY, file), nodeConfigSchema, { env: environmentFor(file) });
    for (const { limits } of Object.values(config.accounts)) {
      expect(limits).toMatchObject({
        maximumBalance: expect.any(BigInt),
        minimumBalance: expect.any(BigInt),
      });
    }
    expect(read(file)).not.toMatch(/(token|secret): '?[^'$\s]/i);
  });
});

/** A document with its variables filled in. */
function fill(document: unknown, env: NodeJS.ProcessEnv): unknown {
  return JSON.parse(
    JSON.stringify(document).replace(/\$\{([A-Z_0-9]+)\}/g, (_, name: string) => env[name] ?? ''),
  );
}

describe('the systemd unit', () => {
  const unit = read('systemd/pennyswitch.service');
  const settings = (name: string): string[] =>
    [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value ?? '');

  it('starts the node on the configuration, with the secrets, that the README installs', () => {
    const [command = ''] = settings('ExecStart');
    const config = '/etc/pennyswitch/node.yaml';
    expect(command.split(' ').slice(2)).toEqual(['node', '--config', config]);
    const readme = read('README.md');
    for (const file of [config, ...settings('EnvironmentFile'), '/opt/pennyswitch']) {
      expect(readme).toContain(file);
    }
    expect(command).toContain('/opt/pennyswitch/node_modules/pennyswitch/bin/pennyswitch.js');
    expect(existsSync(join(REPOSITORY, 'packages/cli/bin/pennyswitch.js'))).toBe(true);
    const names = Object.keys(readEnv(read('systemd/pennyswitch.env.example'))).toSorted();
    expect(names).toEqual(Object.keys(environmentFor('systemd/node.yaml')).toSorted());
  });

  it('gives the node longer to stop than it waits for packets, and a place for its books', () => {
    const file = 'systemd/node.yaml';
    const config = loadConfig(join(DEPLOY, file), nodeConfigSchema, { env: environmentFor(file) });
    expect(Number(settings('TimeoutStopSec')[0]) * 1000).toBeGreaterThan(config.drainMs + 5000);
    const [state = ''] = settings('StateDirectory');
    expect(config.store).toMatchObject({
      path: expect.stringMatching(new RegExp(`^/var/lib/${state}/`)),
    });
  });

  it('runs without privileges', () => {
    expect(settings('User')).toEqual(['pennyswitch']);
    expect(settings('CapabilityBoundingSet')).toEqual(['']);
    for (const name of ['NoNewPrivileges', 'ProtectHome', 'PrivateTmp', 'PrivateDevices']) {
      expect(settings(name)).toEqual(['yes']);
    }
    expect(settings('ProtectSystem')).toEqual(['strict']);
  });

  const analyze = (...args: string[]): ReturnType<typeof spawnSync> =>
    spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  const hasSystemd = analyze('--version').status === 0;

  it.skipIf(!hasSystemd)('is one that systemd takes (needs systemd-analyze)', () => {
    // The program need not be installed here.
    const copy = join(folder, 'pennyswitch.service');
    writeFileSync(copy, unit.replace('/usr/bin/node ', `${process.execPath} `));
    const { status, stderr } = analyze('verify', copy);
    const complaints = String(stderr)
      .split('\n')
      .filter((line) => line.includes('pennyswitch'));
    expect(complaints).toEqual([]);
    expect(status).toBe(0);
  });

  it.skipIf(!hasSystemd)('exposes little (needs systemd-analyze)', () => {
    const { stdout, stderr } = analyze(
      'security',
      '--offline=true',
      join(DEPLOY, 'systemd/pennyswitch.service'),
    );
    const [, exposure] = /exposure level .*: ([0-9.]+)/.exec(String(stdout)) ?? [];
    expect(Number(exposure), String(stderr)).toBeLessThan(2);
  });
});

/** One line of a Dockerfile for each instruction. */
function instructionsOf(text: string): { name: string; rest: string }[] {
  return text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
      return { name, rest: rest.replace(/\s+/g, ' ') };
    });
}

describe('the Dockerfile', () => {
  const instructions = instructionsOf(read('Dockerfile'));
  const last = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));

  it('has known instructions only, and copies what is there', () => {
    const stages = new Set<string>();
    for (const { name, rest } of instructions) {
      expect(name).toMatch(
        /^(FROM|WORKDIR|ENV|RUN|COPY|USER|VOLUME|EXPOSE|STOPSIGNAL|HEALTHCHECK|ENTRYPOINT|CMD)$/,
      );
      if (name === 'FROM') {
        const [image = '', , stage = 'last'] = rest.split(' ');
        expect(stages.has(image) || /^node:22-bookworm-slim$/.test(image)).toBe(true);
        stages.add(stage);
      }
      if (name !== 'COPY') continue;
      const [, from] = /^--from=(\S+)/.exec(rest) ?? [];
      if (from !== undefined) {
        expect(stages).toContain(from);
        continue;
      }
      for (const source of rest.split(' ').slice(0, -1)) {
        expect(existsSync(join(REPOSITORY, source)), source).toBe(true);
      }
    }
    expect(stages.size).toBeGreaterThan(2);
  });

  it('runs the command as a user without rights, with a health check and the signal that drains', () => {
    const of = (name: string): string[] =>
      last.filter((instruction) => instruction.name === name).map(({ rest }) => rest);
    expect(of('USER')).toEqual(['node']);
    expect(of('STOPSIGNAL')).toEqual(['SIGTERM']);
    expect(of('HEALTHCHECK')[0]).toContain('/health');
    expect(of('COPY')).toEqual(['--from=production /opt/pennyswitch /opt/pennyswitch']);
    expect(JSON.parse(of('ENTRYPOINT')[0] ?? '')).toEqual(['pennyswitch']);
    expect(JSON.parse(of('CMD')[0] ?? '')).toEqual([
      'node',
      '--config',
      '/etc/pennyswitch/node.yaml',
    ]);
    const [, command = ''] =
      /ln -s (\S+) \/usr\/local\/bin\/pennyswitch/.exec(of('RUN')[0] ?? '') ?? [];
    const inRepository = command.replace('/opt/pennyswitch/', REPOSITORY);
    expect(statSync(inRepository).mode & 0o111).toBe(0o111);
  });

  it('asks for health where the configurations of the compose file have it', async () => {
    const [, json = ''] =
      /CMD (\[.*\])/.exec(last.find(({ name }) => name === 'HEALTHCHECK')?.rest ?? '') ?? [];
    const [program, option, script = ''] = JSON.parse(json) as string[];
    expect([program, option]).toEqual(['node', '-e']);
    for (const file of ['compose/a.yaml', 'compose/b.yaml']) {
      expect(readYaml(file)).toMatchObject({ admin: { port: 7770 } });
    }
    expect(script).toContain(':7770/health');
    const { node } = await startNode({
      address: 'test.x',
      admin: { port: 0, token: SECRET },
      accounts: {},
    });
    const check = (port: number): Promise<unknown> =>
      promisify(execFile)(process.execPath, ['-e', script.replace('7770', String(port))]);
    const port = node.listeners.admin?.port ?? 0;
    await expect(check(port)).resolves.toBeDefined();
    await node.stop(0);
    await expect(check(port)).rejects.toThrow();
  });
});

interface Service {
  readonly image: string;
  readonly build: { readonly context: string; readonly dockerfile: string };
  readonly environment: Record<string, string>;
  readonly volumes: string[];
  readonly ports?: string[];
  readonly command?: string[];
  readonly stop_grace_period: string;
}

describe('the compose file', () => {
  const { services, volumes } = readYaml('compose/compose.yaml') as {
    services: Record<string, Service>;
    volumes: Record<string, null>;
  };

  /** The secrets as the script makes them. */
  function makeSecrets(): Record<string, string> {
    const place = mkdtempSync(join(folder, 'env-'));
    cpSync(join(DEPLOY, 'compose/make-env.sh'), join(place, 'make-env.sh'));
    const run = (): ReturnType<typeof spawnSync> => spawnSync('sh', [join(place, 'make-env.sh')]);
    expect(run().status).toBe(0);
    expect(statSync(join(place, '.env')).mode & 0o777).toBe(0o600);
    const text = readFileSync(join(place, '.env'), 'utf8');
    expect(run().status).toBe(1);
    expect(readFileSync(join(place, '.env'), 'utf8')).toBe(text);
    return readEnv(text);
  }

  /** The environment of one service. */
  function environmentOf(name: string, secrets: Record<string, string>): Record<string, string> {
    const given = Object.entries(services[name]?.environment ?? {});
    return Object.fromEntries(
      given.map(([key, value]) => [
        key,
        value.replace(/\$\{([A-Z_0-9]+):\?[^}]*\}/, (_, secret: string) => secrets[secret] ?? ''),
      ]),
    );
  }

  it('names files, volumes and secrets that are there, and stops no node before it has drained', () => {
    const secrets = makeSecrets();
    const wanted = new Set(
      [...read('compose/compose.yaml').matchAll(/\$\{([A-Z_0-9]+):\?/g)].map(([, name]) => name),
    );
    expect([...wanted].toSorted()).toEqual(Object.keys(secrets).toSorted());
    expect(new Set(Object.values(secrets)).size).toBe(wanted.size);
    expect(Object.keys(services)).toEqual(['a', 'b', 'settlement']);
    for (const [name, service] of Object.entries(services)) {
      const context = resolve(DEPLOY, 'compose', service.build.context);
      expect(context + '/').toBe(REPOSITORY);
      expect(existsSync(join(context, service.build.dockerfile))).toBe(true);
      expect(Number.parseInt(service.stop_grace_period)).toBeGreaterThan(35);
      for (const volume of service.volumes) {
        const [source = ''] = volume.split(':');
        if (source.startsWith('.')) expect(existsSync(join(DEPLOY, 'compose', source))).toBe(true);
        else expect(volumes).toHaveProperty(source);
      }
      const file = name === 'settlement' ? 'settlement.yaml' : `${name}.yaml`;
      expect(service.volumes[0]).toMatch(new RegExp(`^./${file}:`));
      expect(Object.keys(service.environment).toSorted()).toEqual(
        Object.keys(environmentFor(`compose/${file}`)).toSorted(),
      );
    }
  });

  it('makes two nodes that peer, pay and settle with each other', async () => {
    const secrets = makeSecrets();
    const [engine = 0, ...ports] = await freePorts(7);
    const places: Record<string, string> = { 'settlement:3000': `127.0.0.1:${engine}` };
    const own = { a: ports.slice(0, 3), b: ports.slice(3) };
    for (const [name, [btp, , accounting]] of Object.entries(own)) {
      places[`${name}:7768`] = `127.0.0.1:${btp}`;
      places[`${name}:7771`] = `127.0.0.1:${accounting}`;
    }
    /** A configuration with this machine's ports instead of the containers' names. */
    const local = (file: string, name: 'a' | 'b' | 'settlement'): object => {
      let text = JSON.stringify(fill(readYaml(file), environmentOf(name, secrets)));
      for (const [place, here] of Object.entries(places))
        text = text.replace(`//${place}`, `//${here}`);
      text = text.replaceAll('0.0.0.0', '127.0.0.1').replace('"port":3000', `"port":${engine}`);
      if (name === 'settlement') return JSON.parse(text) as object;
      [7768, 7770, 7771].forEach((port, i) => {
        text = text.replace(`"port":${port}`, `"port":${own[name][i] ?? 0}`);
      });
      return JSON.parse(text.replace('/var/lib/pennyswitch', join(folder, name))) as object;
    };
    const settlement = await startTestSettlement(
      checkConfig(local('compose/settlement.yaml', 'settlement'), testSettlementConfig, 'x', {}),
      () => undefined,
    );
    try {
      const { node: a } = await startNode({ ...local('compose/a.yaml', 'a'), logLevel: 'error' });
      const { node: b } = await startNode({ ...local('compose/b.yaml', 'b'), logLevel: 'error' });
      const wallet = (port: number | undefined, token = ''): object => ({
        accounts: {
          up: {
            relation: 'parent',
            link: { type: 'btp', url: `btp+ws://127.0.0.1:${port}`, token },
          },
        },
      });
      const { node: alice } = await startNode(wallet(own.a[0], secrets['ALICE_TOKEN']));
      const { node: bob } = await startNode(wallet(own.b[0], secrets['BOB_TOKEN']));
      await Promise.all(
        [alice, bob].map(({ connector }) => connector.whenAddressed({ timeoutMs: 30_000 })),
      );
      await Promise.all([linked(a, 'b'), linked(b, 'a')]);
      const routed = (): string | undefined =>
        a.connector.routes().find(({ prefix }) => prefix === 'test.b')?.nextHop;
      await expect.poll(routed, { timeout: 30_000 }).toBe('b');
      for (let i = 0; i < 15; i++) {
        expect(await send(alice, 'test.b.bob.x', 100_000n)).toMatchObject({
          type: PacketType.fulfill,
        });
      }
      // 1.00 USD of the 1.50 USD is settled; Bob has 1.50 × 0.92 × 0.998 EUR.
      expect(await bob.connector.balance('up')).toMatchObject({ net: 15n * 91_816n });
      const settled = async (): Promise<bigint> => (await b.connector.balance('a')).settledIncoming;
      await expect.poll(settled, { timeout: 30_000 }).toBe(1_000_000n);
      expect(await a.connector.balance('b')).toMatchObject({ net: -500_000n });
      expect(await b.connector.balance('a')).toMatchObject({ net: 500_000n });
    } finally {
      await settlement.close();
    }
  });
});

describe('the README of docs/deploy', () => {
  it('names every file, and no file that is not there', () => {
    const text = read('README.md');
    const linked = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target);
    for (const target of linked) expect(existsSync(join(DEPLOY, target)), target).toBe(true);
    const files = filesOf().filter((file) => !['README.md', '.env'].includes(basename(file)));
    const unnamed = files.filter(
      (file) => !linked.includes(file) && !file.endsWith('.dockerignore'),
    );
    expect(unnamed).toEqual([]);
    for (const [, file = ''] of text.matchAll(/install -m \d+ (\S+\/\S+) /g)) {
      expect(existsSync(join(DEPLOY, file)), file).toBe(true);
    }
  });
});
