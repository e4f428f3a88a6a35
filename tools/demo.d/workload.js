// What the demonstration lets an unmodified node.exe do: 12 child processes that echo what they are sent, 10 conversations over
// a named pipe and 10 over TCP, 10 files written, copied and read back in a folder of their own, 10 name look-ups. Prints one
// line for each and exits with 1 if one went wrong; the lines are sorted, so two runs can be compared.
//
// SPDX-License-Identifier: LGPL-2.1-or-later
'use strict';
const childProcess = require('child_process');
const dns = require('dns');
const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');

const CHILDREN = 12, CONVERSATIONS = 10, FILES = 10, LOOKUPS = 10;
const FILE_SIZE = 100000; // bytes
const PIPE = '\\\\.\\pipe\\wqshim-demo-' + process.pid;
const CHILD = 'process.stdin.on("data", d => process.stdout.write(d)).on("end", () => { process.exitCode = 7; })';
const GOOD = [/^child (\d+): hello \1, status 7$/, /^(pipe|tcp) (\d+): question \2$/, /^file (\d+): \d+ bytes of text \1$/,
              /^name \d+: 127\.0\.0\.1$/];

function child(number) {
    return new Promise(resolve => {
        const process_ = childProcess.spawn(process.execPath, ['-e', CHILD]);
        let said = '';
        process_.stdout.on('data', data => { said += data; });
        process_.on('close', code => resolve(`child ${number}: ${said}, status ${code}`));
        process_.stdin.end(`hello ${number}`);
    });
}

// Asks an echo server; where is a pipe's name, or an address and port.
function conversation(kind, where, number) {
    return new Promise(resolve => {
        const client = net.connect(where);
        let said = '';
        client.on('data', data => { said += data; });
        client.on('error', error => resolve(`${kind} ${number}: ${error.code}`));
        client.on('end', () => resolve(`${kind} ${number}: ${said}`));
        client.end(`question ${number}`);
    });
}

async function file(folder, number) {
    const name = path.join(folder, `file${number}`), text = `text ${number}\n`;
    try {
        await fs.promises.writeFile(name, text.repeat(FILE_SIZE / text.length));
        await fs.promises.copyFile(name, name + '.copy');
        const copy = await fs.promises.readFile(name + '.copy', 'utf8');
        const { size } = await fs.promises.stat(name);
        await fs.promises.unlink(name);
        return `file ${number}: ${size} bytes of ${copy.slice(0, text.length - 1)}`;
    } catch (error) {
        return `file ${number}: ${error.code}`;
    }
}

function lookup(number) {
    return new Promise(resolve => {
        dns.lookup('localhost', { family: 4 }, (error, address) => resolve(`name ${number}: ${error ? error.code : address}`));
    });
}

function times(count, start) {
    return Array.from({ length: count }, (unused, i) => start(i));
}

function echoServer(where) {
    return new Promise(resolve => {
        const server = net.createServer(connection => connection.pipe(connection));
        server.listen(where, () => resolve(server));
    });
}

async function main() {
    const servers = [await echoServer({ path: PIPE }), await echoServer({ host: '127.0.0.1', port: 0 })];
    const tcp = { host: '127.0.0.1', port: servers[1].address().port };
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'wqshim-demo-'));
    const lines = await Promise.all([
        ...times(CHILDREN, child),
        ...times(CONVERSATIONS, i => conversation('pipe', { path: PIPE }, i)),
        ...times(CONVERSATIONS, i => conversation('tcp', tcp, i)),
        ...times(FILES, i => file(folder, i)),
        ...times(LOOKUPS, lookup)
    ]);
    servers.forEach(server => server.close());
    fs.rmSync(folder, { recursive: true });
    console.log(lines.sort().join('\n'));
    process.exitCode = lines.every(line => GOOD.some(pattern => pattern.test(line))) ? 0 : 1;
}

main();
