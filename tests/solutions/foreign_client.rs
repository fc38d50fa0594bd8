//! A client in Rust that knows only docs/wire-formats.md; of crates it has none, of ours nothing.
//!
//!     foreign_client read|write lab1 /NAME | lab3 KEY_PATH | lab4 PREFIX N | lab6 PREFIX N
//!
//! It prints what it read; a writer of lab 1 says "written" and holds its object until its standard input ends.
use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::os::raw::{c_char, c_int, c_long, c_short, c_uint, c_void};
use std::os::unix::io::AsRawFd;
use std::sync::atomic::{AtomicU32, AtomicU8, Ordering::*};
use std::{env, fs, process, ptr, slice, thread, time::Duration};

extern "C" {
    fn mmap(at: *mut c_void, size: usize, protection: c_int, flags: c_int, fd: c_int, offset: c_long) -> *mut c_void;
    fn fcntl(fd: c_int, command: c_int, ...) -> c_int;
    fn sem_open(name: *const c_char, flags: c_int, ...) -> *mut c_void;
    fn sem_wait(semaphore: *mut c_void) -> c_int;
    fn sem_trywait(semaphore: *mut c_void) -> c_int;
    fn sem_post(semaphore: *mut c_void) -> c_int;
    fn sem_getvalue(semaphore: *mut c_void, value: *mut c_int) -> c_int;
    fn sem_unlink(name: *const c_char) -> c_int;
    fn shmget(key: c_int, size: usize, flags: c_int) -> c_int;
    fn shmat(id: c_int, at: *const c_void, flags: c_int) -> *mut c_void;
    fn shmctl(id: c_int, command: c_int, info: *mut c_void) -> c_int;
}

const GETLK: c_int = 36; // F_OFD_GETLK
const SETLK: c_int = 37;
const SHARED: c_short = 0; // F_RDLCK
const EXCLUSIVE: c_short = 1;
const FREE: c_short = 2;
const NEW: c_int = 0o100 | 0o200; // O_CREAT | O_EXCL
const SLOT: usize = 1_233_620;

#[repr(C)]
struct Flock {
    kind: c_short,
    whence: c_short,
    start: i64,
    length: i64,
    pid: c_int,
}

fn lock(file: &File, kind: c_short, byte: i64) -> bool {
    let wanted = Flock { kind, whence: 0, start: byte, length: 1, pid: 0 };
    unsafe { fcntl(file.as_raw_fd(), SETLK, &wanted) == 0 }
}

fn is_locked(file: &File, byte: i64) -> bool {
    let mut asked = Flock { kind: EXCLUSIVE, whence: 0, start: byte, length: 1, pid: 0 };
    unsafe { fcntl(file.as_raw_fd(), GETLK, &mut asked) };
    asked.kind != FREE
}

fn pause() {
    thread::sleep(Duration::from_millis(1));
}

fn path(name: &str) -> String {
    format!("/dev/shm{name}")
}

fn is_named(file: &File, name: &str) -> bool {
    let ours = file.metadata().unwrap();
    fs::metadata(path(name)).map_or(false, |now| (now.dev(), now.ino()) == (ours.dev(), ours.ino()))
}

/// A new object of 0 bytes, byte 0 locked; None: there is one.
fn create(name: &str) -> Option<File> {
    match OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path(name)) {
        Ok(file) => {
            assert!(lock(&file, EXCLUSIVE, 0));
            Some(file)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => None,
        Err(error) => panic!("{name}: {error}"),
    }
}

fn open(name: &str) -> Option<File> {
    OpenOptions::new().read(true).write(true).open(path(name)).ok()
}

/// Wait for an object of that size.
fn find(name: &str, size: u64) -> File {
    loop {
        if let Some(file) = open(name) {
            if file.metadata().unwrap().len() == size && is_named(&file, name) {
                return file;
            }
        }
        pause();
    }
}

fn map(file: &File, size: usize) -> *mut u8 {
    let at = unsafe { mmap(ptr::null_mut(), size, 3, 1, file.as_raw_fd(), 0) };
    assert!(at as isize != -1, "mmap");
    at as *mut u8
}

fn semaphores(names: &[String], values: Option<[c_uint; 3]>) -> Vec<*mut c_void> {
    let mut opened = Vec::new();
    for (i, name) in names.iter().enumerate() {
        let text = CString::new(name.as_str()).unwrap();
        let one = unsafe {
            match values {
                Some(values) => {
                    sem_unlink(text.as_ptr());
                    sem_open(text.as_ptr(), NEW, 0o600 as c_uint, values[i])
                }
                None => sem_open(text.as_ptr(), 0),
            }
        };
        assert!(!one.is_null(), "sem_open({name})");
        opened.push(one);
    }
    opened
}

fn remove(file: &File, name: &str, names: &[String]) {
    if is_named(file, name) {
        for each in names {
            unsafe { sem_unlink(CString::new(each.as_str()).unwrap().as_ptr()) };
        }
        fs::remove_file(path(name)).unwrap();
    }
}

fn wait(semaphore: *mut c_void) {
    while unsafe { sem_wait(semaphore) } != 0 {}
}

unsafe fn number(at: *mut u8, offset: usize) -> i32 {
    ptr::read_unaligned(at.add(offset) as *const i32)
}

unsafe fn put(at: *mut u8, offset: usize, bytes: &[u8]) {
    ptr::copy_nonoverlapping(bytes.as_ptr(), at.add(offset), bytes.len());
}

unsafe fn text(at: *mut u8, offset: usize, capacity: usize) -> String {
    let bytes = slice::from_raw_parts(at.add(offset), capacity);
    String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next().unwrap()).into_owned()
}

unsafe fn lab1(write: bool, name: &str) {
    if !write {
        let at = map(&find(name, 1024), 1024);
        while (*(at.add(504) as *const AtomicU8)).load(Acquire) == 0 {
            pause();
        }
        println!("{} {} {}", number(at, 508), text(at, 532, 50), ptr::read_unaligned(at.add(588) as *const i64));
        return println!("{:?}", (0..10).map(|i| number(at, 596 + 4 * i)).collect::<Vec<_>>());
    }
    let file = create(name).expect("somebody has that name");
    file.set_len(1024).unwrap();
    let at = map(&file, 1024);
    put(at, 0, &(process::id() as i32).to_le_bytes());
    put(at, 4, "Grüße aus Rust".as_bytes());
    put(at, 508, &(-7i32).to_le_bytes());
    put(at, 512, &(-1.25f64).to_le_bytes());
    put(at, 532, "Zoë".as_bytes());
    put(at, 588, &1234567890123i64.to_le_bytes());
    for i in 0..10 {
        put(at, 596 + 4 * i, &(9 - i as i32).to_le_bytes());
    }
    (*(at.add(504) as *const AtomicU8)).store(1, Release);
    println!("written");
    std::io::stdin().read_to_string(&mut String::new()).unwrap();
    remove(&file, name, &[]);
}

unsafe fn lab3(write: bool, key_path: &str) {
    let place = fs::metadata(key_path).unwrap();
    let key = (65 << 24 | (place.dev() & 255) << 16 | (place.ino() & 65535)) as c_int; // ftok's formula
    let mut id = shmget(key, 108, if write { 0o3000 | 0o600 } else { 0 });
    while id == -1 && !write {
        pause();
        id = shmget(key, 108, 0);
    }
    assert!(id != -1, "shmget");
    let at = shmat(id, ptr::null(), 0) as *mut u8;
    let ready = &*(at.add(104) as *const AtomicU8);
    for message in 1..=5i32 {
        while ready.load(Acquire) != !write as u8 {
            pause();
        }
        if write {
            put(at, 0, &message.to_le_bytes());
            put(at, 4, format!("foreign {message}\0").as_bytes());
        } else {
            println!("{} {}", number(at, 0), text(at, 4, 100));
        }
        ready.store(write as u8, Release);
    }
    while write && ready.load(Acquire) != 0 {
        pause();
    }
    if write {
        shmctl(id, 0, ptr::null_mut());
    }
}

/// One attempt to become a user of lab 4's buffer.
fn buffer_join(name: &str) -> Option<File> {
    let file = open(name)?;
    let mut magic = [0; 4];
    let joined = is_locked(&file, 0) && lock(&file, SHARED, 0) && is_named(&file, name);
    (joined && file.read_exact_at(&mut magic, 0).is_ok() && &magic == b"SBUF").then_some(file)
}

/// One attempt to make it, with 8 slots.
fn buffer_create(name: &str, names: &[String]) -> Option<File> {
    let file = create(name)?;
    file.set_len(32 + 64 * 8).unwrap();
    semaphores(names, Some([8, 0, 1]));
    let at = map(&file, 32);
    unsafe {
        put(at, 4, &[1, 0, 0, 0, 64, 0, 0, 0, 8, 0, 0, 0]);
        (*(at as *const AtomicU32)).store(u32::from_le_bytes(*b"SBUF"), Release);
    }
    assert!(lock(&file, SHARED, 0));
    Some(file)
}

unsafe fn lab4(write: bool, prefix: &str, items: i32) {
    let name = format!("/{prefix}_buffer");
    let names = ["empty", "full", "mutex"].map(|each| format!("/{prefix}_{each}"));
    let file = loop {
        match buffer_join(&name).or_else(|| if write { buffer_create(&name, &names) } else { None }) {
            Some(file) => break file,
            None => pause(),
        }
    };
    let [empty, full, mutex]: [_; 3] = semaphores(&names, None).try_into().unwrap();
    let size = file.metadata().unwrap().len() as usize;
    let at = map(&file, size);
    let capacity = number(at, 12);
    assert!(number(at, 4) == 1 && number(at, 8) == 64 && (1..=1024).contains(&capacity));
    assert!(size == 32 + 64 * capacity as usize);
    for item in 1..=items {
        wait(if write { empty } else { full });
        wait(mutex);
        let place = if write { 20 } else { 16 }; // tail, head
        let index = number(at, place) % capacity;
        let slot = at.add(32 + 64 * index as usize);
        if write {
            ptr::write_bytes(slot, 0, 64);
            put(slot, 0, &77i32.to_le_bytes());
            put(slot, 4, &item.to_le_bytes());
            put(slot, 8, format!("foreign {item}").as_bytes());
        } else {
            println!("{} {} {}", number(slot, 0), number(slot, 4), text(slot, 8, 56));
        }
        put(at, place, &((index + 1) % capacity).to_le_bytes());
        put(at, 24, &(number(at, 24) + if write { 1 } else { -1 }).to_le_bytes());
        sem_post(mutex);
        sem_post(if write { full } else { empty });
    }
    let mut left = 1;
    while write && left > 0 && !is_locked(&file, 0) {
        pause(); // somebody must be there to take the rest
        sem_getvalue(full, &mut left);
    }
    lock(&file, FREE, 0);
    if lock(&file, EXCLUSIVE, 0) {
        remove(&file, &name, &names);
    }
}

/// Wait for EMPTY, and meanwhile let a consumer that comes know that it was seen.
unsafe fn slot_wait(file: &File, empty: *mut c_void) {
    while sem_trywait(empty) != 0 {
        if is_locked(file, 1) {
            lock(file, EXCLUSIVE, 3);
        }
        pause();
    }
}

unsafe fn lab6(write: bool, prefix: &str, frames: i32) {
    let name = format!("/{prefix}_QUEUE_SHM");
    let names = ["EMPTY", "FULL", "MUTEX"].map(|each| format!("/{prefix}_{each}"));
    let size = 12 + 5 * SLOT;
    let (file, opened) = if write {
        let file = create(&name).expect("there is a producer");
        let mark = b"circle\nsquare\ntriangle\nstar\n".iter().fold(2166136261u32, |m, b| (m ^ *b as u32).wrapping_mul(16777619));
        assert!(lock(&file, EXCLUSIVE, (1 << 32) + mark as i64));
        let opened = semaphores(&names, Some([5, 0, 1]));
        file.set_len(size as u64).unwrap();
        (file, opened)
    } else {
        (find(&name, size as u64), semaphores(&names, None))
    };
    let [empty, full, mutex]: [_; 3] = opened.try_into().unwrap();
    let at = map(&file, size);
    for frame in 1..=frames {
        if write {
            slot_wait(&file, empty);
        } else {
            wait(full);
        }
        wait(mutex);
        let place = if write { 0 } else { 4 }; // write_idx, read_idx
        let index = number(at, place).rem_euclid(5);
        let slot = at.add(12 + SLOT * index as usize);
        if write {
            for (i, value) in [frame, 640, 640, 3, 1, frame % 4, 0x3f000000, frame, 2, 3, 4].iter().enumerate() {
                put(slot, 4 * i, &value.to_le_bytes()); // one detection, confidence 0.5
            }
            ptr::write_bytes(slot.add(4820), frame as u8, 1_228_800);
        } else {
            let pixels = slice::from_raw_parts(slot.add(4820), 1_228_800);
            let sum: u64 = pixels.iter().step_by(997).map(|each| *each as u64).sum();
            println!("{} {} {} {}", number(slot, 0), number(slot, 4), number(slot, 16), sum > 0);
        }
        put(at, place, &((index + 1) % 5).to_le_bytes());
        put(at, 8, &(number(at, 8) + if write { 1 } else { -1 }).to_le_bytes());
        sem_post(mutex);
        sem_post(if write { full } else { empty });
    }
    if write {
        (0..5).for_each(|_| slot_wait(&file, empty)); // until everything was read
        remove(&file, &name, &names);
    }
}

fn main() {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    unsafe {
        match words[..] {
            [way @ ("read" | "write"), "lab1", name] => lab1(way == "write", name),
            [way @ ("read" | "write"), "lab3", path] => lab3(way == "write", path),
            [way @ ("read" | "write"), "lab4", prefix, items] => lab4(way == "write", prefix, items.parse().unwrap()),
            [way @ ("read" | "write"), "lab6", prefix, frames] => lab6(way == "write", prefix, frames.parse().unwrap()),
            _ => {
                eprintln!("foreign_client read|write lab1 /NAME | lab3 KEY_PATH | lab4 PREFIX N | lab6 PREFIX N");
                process::exit(2);
            }
        }
    }
}
