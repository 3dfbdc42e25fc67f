// node send.js PORT SENDER RECIPIENT < message: sends the raw message by nodemailer, prints the last reply.
const nodemailer = require('nodemailer');
const fs = require('fs');

const [port, from, to] = process.argv.slice(2);
const transport = nodemailer.createTransport({host: '127.0.0.1', port: Number(port), secure: false, ignoreTLS: true});
transport.sendMail({envelope: {from, to: to.split(',')}, raw: fs.readFileSync(0)})
    .then(info => console.log(info.response))
    .catch(error => { console.error(error.message); process.exitCode = 1; });
