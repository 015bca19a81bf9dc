//! How long the summary of a message takes, and how long it is.
//!
//! `cargo run --release -p axigend-message --example summarize_rate -- [FILE…]`. First messages of 4 and 64 KiB as they
//! are made here, then the files. Prints a JSON line for each with microseconds and bytes.

use std::time::Instant;

use axigend_message::Summarizer;

/// Rounds over which the time is taken.
const ROUNDS: u32 = 2000;

const HEADER: &str = "Return-Path: <ann.example@mail.example.org>\r\n\
    Received: from mx.example.org (mx.example.org [192.0.2.1])\r\n\tby mail.example.test with ESMTPS id 0A1B2C;\r\n\
    \tFri, 21 Nov 2025 09:55:06 +0000\r\n\
    Received: from client.example.org (client.example.org [192.0.2.7])\r\n\tby mx.example.org with ESMTPSA id 77;\r\n\
    \tFri, 21 Nov 2025 09:55:05 +0000\r\n\
    DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=one;\r\n\
    \th=from:to:subject:date:message-id; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n\
    \tb=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4ZHRNiYzR\r\n\
    From: \"Ann Example\" <ann.example@mail.example.org>\r\nTo: Bob Test <bob@example.test>, carl@example.test\r\n\
    Cc: \"Team, all of it\" <team@example.test>\r\nSubject: Re: [list] Minutes of the meeting on Friday\r\n\
    Date: Fri, 21 Nov 2025 09:55:05 +0000\r\nMessage-ID: <20251121095505.1234@client.example.org>\r\n\
    In-Reply-To: <20251120115505.77@client.example.test>\r\n\
    References: <20251119115505.76@client.example.test>\r\n <20251120115505.77@client.example.test>\r\n\
    MIME-Version: 1.0\r\nUser-Agent: Mail 1.0\r\nX-Spam-Score: 0.1\r\n\
    Content-Type: multipart/alternative; boundary=\"=_part_1\"\r\n\r\n";
const PLAIN: &str =
    "--=_part_1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
const HTML: &str = "--=_part_1\r\nContent-Type: text/html; charset=utf-8\r\n\
    Content-Transfer-Encoding: quoted-printable\r\n\r\n<html><body>\r\n";
const LINE: &str = "The quick brown fox jumps over the lazy dog, and the dog does not mind.\r\n";

fn message(size: usize) -> Vec<u8> {
    let mut text = [HEADER, PLAIN].concat();
    while text.len() < size / 2 {
        text.push_str(LINE);
    }
    text.push_str(HTML);
    while text.len() < size {
        text.push_str(LINE);
    }
    text.push_str("</body></html>\r\n--=_part_1--\r\n");
    text.into_bytes()
}

fn time(name: &str, message: &[u8]) {
    let mut len = 0;
    let start = Instant::now();
    for _ in 0..ROUNDS {
        let mut summarizer = Summarizer::new();
        for piece in message.chunks(64 * 1024) {
            summarizer.feed(piece);
        }
        len = summarizer.finish().encoded().len();
    }
    let micros = start.elapsed().as_secs_f64() * 1e6 / f64::from(ROUNDS);
    println!(
        "{{\"bench\":\"summarize\",\"message\":{name:?},\"size\":{},\"us\":{micros:.1},\"summary_bytes\":{len}}}",
        message.len()
    );
}

fn main() -> std::io::Result<()> {
    for size in [4096, 65_536] {
        time("made", &message(size));
    }
    for path in std::env::args().skip(1) {
        time(&path, &std::fs::read(&path)?);
    }
    Ok(())
}
