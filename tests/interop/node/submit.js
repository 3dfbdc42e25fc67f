// node submit.js PORT tls|starttls USER PASSWORD MECHANISM RECIPIENT < message: nodemailer logs in and sends.
const nodemailer = require('nodemailer');
const fs = require('fs');

const [port, start, user, pass, method, to] = process.argv.slice(2);
const transport = nodemailer.createTransport({
    host: '127.0.0.1', port: Number(port), secure: start === 'tls', requireTLS: true, authMethod: method,
    auth: {user, pass}, tls: {rejectUnauthorized: false}});
transport.sendMail({envelope: {from: user, to: to.split(',')}, raw: fs.readFileSync(0)})
    .then(info => console.log(info.response))
    .catch(error => { console.error(error.message); process.exitCode = 1; });
