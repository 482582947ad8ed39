# SPDX-License-Identifier: GPL-2.0-or-later
"""An app of os-ken that answers for hosts that do not exist; decoy.sh measures it.

DECOY_NET=10.0.9.0/24 DECOY_PAGE=FILE osken-manager decoy_osken.py

It answers ARP, and TCP at port 80: each request gets the page, which must fit into one
segment, and the connection ends. The flows that lead here are those of `fwctl ovs`. As
there, nothing is kept of a SYN: the number of its answer is a cookie. Nor is anything kept
of a connection: what is to be said follows from what the client says. That is less work
than `fwctl decoy` does: nothing is sent again, checksums are not looked at, nobody is
noted down or limited, and no real host is asked whether an address is its own.
"""
import hashlib
import ipaddress
import os

from os_ken.base import app_manager
from os_ken.controller import ofp_event
from os_ken.controller.handler import MAIN_DISPATCHER, set_ev_cls
from os_ken.lib import mac
from os_ken.lib.packet import arp, ethernet, ipv4, packet, tcp
from os_ken.ofproto import ofproto_v1_3

NUMBERS = 1 << 32


class Decoy(app_manager.OSKenApp):
    OFP_VERSIONS = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.net = ipaddress.ip_network(os.environ["DECOY_NET"])
        self.key = os.urandom(16)
        with open(os.environ["DECOY_PAGE"], "rb") as page:
            body = page.read()
        self.answer = (b"HTTP/1.1 200 OK\r\nServer: Apache\r\nContent-Length: %d\r\n"
                       b"Content-Type: text/html\r\nConnection: close\r\n\r\n" % len(body)) + body

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def packet_in(self, event):
        message = event.msg
        asked = packet.Packet(message.data)
        link = asked.get_protocol(ethernet.ethernet)
        segment = asked.get_protocol(tcp.tcp)
        reply = None
        if segment:
            last = asked.protocols[-1]
            reply = self.answer_tcp(link, asked.get_protocol(ipv4.ipv4), segment,
                                    last if isinstance(last, bytes) else b"")
        elif link.ethertype == 0x0806:
            reply = self.answer_arp(link, asked.get_protocol(arp.arp))
        if reply:
            self.send(message.datapath, message.match["in_port"], reply)

    @staticmethod
    def send(datapath, port, reply):
        ofproto, parser = datapath.ofproto, datapath.ofproto_parser
        reply.serialize()
        datapath.send_msg(parser.OFPPacketOut(
            datapath=datapath, buffer_id=ofproto.OFP_NO_BUFFER, in_port=ofproto.OFPP_CONTROLLER,
            actions=[parser.OFPActionOutput(port)], data=reply.data))

    def answer_arp(self, link, asked):
        address = ipaddress.ip_address(asked.dst_ip)
        if asked.opcode != arp.ARP_REQUEST or asked.src_ip == asked.dst_ip or address not in self.net:
            return None
        # The link addresses of decoys that the flows know.
        ours = mac.haddr_to_str(b"\x02\x46\x57" + address.packed[1:])
        return packet.Packet(protocols=[
            ethernet.ethernet(dst=link.src, src=ours, ethertype=link.ethertype),
            arp.arp(opcode=arp.ARP_REPLY, src_mac=ours, src_ip=asked.dst_ip,
                    dst_mac=asked.src_mac, dst_ip=asked.src_ip)])

    def cookie(self, ip, segment, number):
        whose = "%s %s %d %d %d" % (ip.src, ip.dst, segment.src_port, segment.dst_port, number)
        return int.from_bytes(
            hashlib.blake2s(whose.encode(), key=self.key, digest_size=4).digest(), "big")

    def answer_tcp(self, link, ip, segment, data):
        number, expected, option, said = segment.ack, segment.seq + len(data), None, b""
        if segment.dst_port != 80 or segment.bits & tcp.TCP_RST:
            return None
        if segment.bits & tcp.TCP_SYN:
            number = self.cookie(ip, segment, segment.seq)
            expected += 1
            bits = tcp.TCP_SYN | tcp.TCP_ACK
            option = [tcp.TCPOptionMaximumSegmentSize(1460)]
        elif data:
            # Part of a request comes again, with the rest.
            if (not data.endswith(b"\r\n\r\n") or
                    number != (self.cookie(ip, segment, segment.seq - 1) + 1) % NUMBERS):
                return None
            bits = tcp.TCP_FIN | tcp.TCP_PSH | tcp.TCP_ACK
            said = self.answer
        elif segment.bits & tcp.TCP_FIN:
            expected += 1
            bits = tcp.TCP_ACK
        else:
            return None
        reply = packet.Packet(protocols=[
            ethernet.ethernet(dst=link.src, src=link.dst, ethertype=link.ethertype),
            ipv4.ipv4(src=ip.dst, dst=ip.src, proto=ip.proto, ttl=64),
            tcp.tcp(src_port=segment.dst_port, dst_port=segment.src_port, seq=number,
                    ack=expected % NUMBERS, bits=bits, window_size=16384, option=option)])
        if said:
            reply.add_protocol(said)
        return reply
