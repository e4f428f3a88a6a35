// What the demonstration lets an unmodified node.exe do: 20 child processes that echo what they are sent, 10 conversations over
// a named pipe, 10 name look-ups. Prints one line for each and exits with 1 if one went wrong; the lines are sorted, so two
// runs can be compared.
//
// SPDX-License-Identifier: LGPL-2.1-or-later
'use strict';
const childProcess = require('child_process');
const dns = require('dns');
const net = require('net');

const CHILDREN = 20, CONVERSATIONS = 10, LOOKUPS = 10;
const PIPE = '\\\\.\\pipe\\wqshim-demo-' + process.pid;
const CHILD = 'process.stdin.on("data", d => process.stdout.write(d)).on("end", () => { process.exitCode = 7; })';

function child(number) {
    return new Promise(resolve => {
        const process_ = childProcess.spawn(process.execPath, ['-e', CHILD]);
        let said = '';
        process_.stdout.on('data', data => { said += data; });
        process_.on('close', code => resolve(`child ${number}: ${said}, status ${code}`));
        process_.stdin.end(`hello ${number}`);
    });
}

function conversation(number) {
    return new Promise(resolve => {
        const client = net.connect(PIPE);
        let said = '';
        client.on('data', data => { said += data; });
        client.on('error', error => resolve(`pipe ${number}: ${error.code}`));
        client.on('end', () => resolve(`pipe ${number}: ${said}`));
        client.end(`question ${number}`);
    });
}

function lookup(number) {
    return new Promise(resolve => {
        dns.lookup('localhost', { family: 4 }, (error, address) => resolve(`name ${number}: ${error ? error.code : address}`));
    });
}

function times(count, start) {
    return Array.from({ length: count }, (unused, i) => start(i));
}

const server = net.createServer(connection => connection.pipe(connection));
server.listen(PIPE, async () => {
    const lines = await Promise.all([...times(CHILDREN, child), ...times(CONVERSATIONS, conversation),
                                     ...times(LOOKUPS, lookup)]);
    server.close();
    console.log(lines.sort().join('\n'));
    const good = line => /^(child (\d+): hello \2, status 7|pipe (\d+): question \3|name \d+: 127\.0\.0\.1)$/.test(line);
    process.exitCode = lines.every(good) ? 0 : 1;
});
